public import TocsinCore

/// What a model is trained on: rows of tables, brought onto the daemon's grid, and divided in time.
public struct Dataset: Sendable {
    /// The channels' names.
    public let channels: [String]
    /// How samples become frames.
    public let clock: FrameClock
    /// The first 70 % of each device: what the network is fitted on.
    public private(set) var fit: [FrameSequence] = []
    /// The next 10 %: what ends the fitting.
    public private(set) var stopping: [FrameSequence] = []
    /// The last 20 %: what the detectors are calibrated on.
    public private(set) var calibration: [FrameSequence] = []
    /// The newest row.
    public let newest: Timestamp
    /// Rows that were left out because their label is not 0.
    public let labelledRows: Int

    /// Fewer frames than this are no basis for anything.
    public static let fewestFrames = 200

    /// A dataset from rows, in the order in which they were recorded.
    ///
    /// - Parameters:
    ///   - channels: the names of the rows' values, in order
    ///   - rows: of one or more devices; rows of a device with rising time
    ///   - clock: made from the period, which is the given one or the median step
    public init(
        channels: [String],
        rows: [CSVReader.Row],
        period: Duration?,
        clock: (Duration) -> FrameClock
    ) throws(DatasetError) {
        let healthy = rows.filter { ($0.label ?? 0) == 0 }
        guard let newest = rows.map(\.time).max() else { throw .noRows }
        self.channels = channels
        self.newest = newest
        labelledRows = rows.count - healthy.count
        guard let found = period ?? Self.medianStep(healthy) else { throw .noPeriod }
        self.clock = clock(found)

        var collectors: [String: FrameCollector] = [:]
        var order: [String] = []
        for row in healthy {
            if collectors[row.device] == nil {
                order.append(row.device)
                collectors[row.device] = FrameCollector(
                    device: row.device,
                    clock: self.clock,
                    channels: channels.count
                )
            }
            collectors[row.device]?.take(row)
        }
        var frames = 0
        for device in order {
            guard let sequences = collectors[device]?.finish() else { continue }
            let total = sequences.reduce(0) { $0 + $1.count }
            frames += total
            divide(sequences, total: total)
        }
        guard frames >= Self.fewestFrames else {
            throw .tooShort(frames: frames, needed: Self.fewestFrames)
        }
    }

    /// Cuts one device's frames at 70 % and 80 %.
    private mutating func divide(_ sequences: [FrameSequence], total: Int) {
        let firstCut = total * 7 / 10
        let secondCut = total * 8 / 10
        var start = 0
        for sequence in sequences {
            let end = start + sequence.count
            func part(_ from: Int, _ to: Int) -> FrameSequence? {
                let lower = max(from, start)
                let upper = min(to, end)
                return lower < upper ? sequence.slice(lower - start..<upper - start) : nil
            }
            if let part = part(0, firstCut) { fit.append(part) }
            if let part = part(firstCut, secondCut) { stopping.append(part) }
            if let part = part(secondCut, total) { calibration.append(part) }
            start = end
        }
    }

    /// The median time between two samples of a channel.
    private static func medianStep(_ rows: [CSVReader.Row]) -> Duration? {
        var last: [String: [Timestamp?]] = [:]
        var steps: [Int64] = []
        for row in rows {
            for c in row.values.indices where !row.values[c].isNaN {
                let none: [Timestamp?] = Array(repeating: nil, count: row.values.count)
                if let before = last[row.device, default: none][c], row.time > before {
                    steps.append((row.time - before).microseconds)
                }
                last[row.device, default: none][c] = row.time
            }
        }
        steps.sort()
        return steps.isEmpty ? nil : .microseconds(steps[steps.count / 2])
    }
}

/// Assembles frames as a ``Fleet`` does, and keeps them.
private struct FrameCollector {
    private var assembler: FrameAssembler
    private var frame: Frame
    private var current: FrameSequence
    private var sequences: [FrameSequence] = []

    init(device: String, clock: FrameClock, channels: Int) {
        assembler = FrameAssembler(clock: clock, lateness: .zero, channels: channels)
        frame = Frame(channels: channels)
        current = FrameSequence(device: device, channels: channels)
    }

    mutating func take(_ row: CSVReader.Row) {
        // An empty field is a sample that was never sent.
        for c in row.values.indices where !row.values[c].isNaN {
            let sample = Sample(device: 0, channel: c, time: row.time, value: row.values[c])
            var placement = assembler.place(sample)
            while placement == .full {
                removeOldest()
                placement = assembler.place(sample)
            }
            if placement == .gap {
                endSequence()
                _ = assembler.place(sample)
            }
        }
        while assembler.hasCompleteFrame { removeOldest() }
    }

    mutating func finish() -> [FrameSequence] {
        endSequence()
        return sequences
    }

    private mutating func removeOldest() {
        assembler.removeOldest(into: &frame)
        current.append(frame)
    }

    private mutating func endSequence() {
        while assembler.hasOpenFrame { removeOldest() }
        assembler.reset()
        if current.count > 0 { sequences.append(current) }
        current = FrameSequence(device: current.device, channels: current.channels)
    }
}
