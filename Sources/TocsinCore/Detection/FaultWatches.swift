internal import CTocsinKernels

/// What is remembered of one device's channels to tell when a sensor breaks, wherever it lies.
struct FaultWatches: BitwiseCopyable {
    /// The last value, `[padded]`.
    let last: ChannelFields<Double>
    /// Times in frames, jumps and cause, `[6, padded]`.
    let times: ChannelFields<Int32>

    /// Of each channel so many times.
    static let fields = Int(TOCSIN_WATCH_FIELDS.rawValue)
    /// Jumps among the last twenty frames that make a fault.
    static let jumpsOfAFault: Int32 = 5
    private static let window: UInt32 = (1 << 20) - 1
    /// Times are counted up to here.
    private static let longest: Int32 = 1 << 30

    /// Writes those of a device that has seen nothing.
    func begin() {
        last.numbers.fill(.nan)
        times.numbers.fill(0)
        times.fill(Int(TOCSIN_CAUSE.rawValue), -1)
    }

    /// What is wrong with each channel, `[channels]`.
    var causes: [FaultCause?] {
        let causes = times[Int(TOCSIN_CAUSE.rawValue)]
        return causes.indices.map { FaultCause(rawValue: Int(causes[$0])) }
    }

    /// Takes in one frame; does not allocate.
    ///
    /// - Returns: how many channels are faulty
    func update(_ frame: FrameFields, _ usual: FaultUsual.View) -> Int {
        let channels = last.channels
        precondition(frame.channels == channels && usual.values.channels == channels)
        var limits = unsafe tocsin_fault_limits(
            values: usual.values.numbers.start,
            frames: usual.frames.numbers.start,
            longest: Self.longest,
            window: Self.window,
            jumps: Self.jumpsOfAFault
        )
        return unsafe tocsin_update_faults(
            last.numbers.start,
            times.numbers.start,
            frame.values.numbers.start,
            frame.marks.numbers.start,
            &limits,
            last.padded
        )
    }
}

/// ``FaultLimits`` as they are computed with.
struct FaultUsual: Sendable {
    /// As long as its owner lives.
    struct View: BitwiseCopyable {
        /// Lowest and highest value, and largest step, `[3, padded]`.
        let values: ChannelFields<Double>
        /// Frames of standing still, of absence, and of bad values, `[3, padded]`.
        let frames: ChannelFields<Int32>
    }

    private let values: Constants<Double>
    private let frames: Constants<Int32>
    private let channels: Int

    init(_ limits: FaultLimits, _ channels: [Channel]) {
        self.channels = channels.count
        let lowest = channels.map { $0.minimum ?? -.infinity }
        let highest = channels.map { $0.maximum ?? .infinity }
        values = Constants(
            lowest.padded(with: 0) + highest.padded(with: 0) + limits.steps.padded(with: 0)
        )
        let still = limits.still.map { Int32(clamping: $0) }
        let absent = limits.absent.map { Int32(clamping: $0) }
        let bad = channels.map { _ in Int32(clamping: limits.bad) }
        // What only pads is never bad.
        frames = Constants(
            still.padded(with: 0) + absent.padded(with: 0) + bad.padded(with: .max)
        )
    }

    var view: View {
        View(
            values: ChannelFields(values.numbers, channels: channels),
            frames: ChannelFields(frames.numbers, channels: channels)
        )
    }
}

extension FaultWatches {
    func save(to writer: inout StateWriter) {
        let last = last[0]
        writer.write(last.indices.map { last[$0] })
        for field in 0..<Self.fields {
            let times = times[field]
            writer.write(times.indices.map { Int64(times[$0]) })
        }
    }

    func restore(from reader: inout StateReader) throws(StateError) {
        let channels = last.channels
        let values = try reader.readDoubles(count: channels)
        guard !values.contains(where: \.isInfinite) else { throw .inconsistent }
        begin()
        for c in values.indices { last[0][c] = values[c] }
        for field in 0..<Self.fields {
            let saved = try reader.readIntegers(count: channels)
            let allowed = Self.allowed(tocsin_watch_field(rawValue: UInt32(field)))
            guard saved.allSatisfy({ allowed.contains($0) }) else { throw .inconsistent }
            for c in saved.indices { times[field][c] = Int32(saved[c]) }
        }
    }

    /// What a field can say.
    private static func allowed(_ field: tocsin_watch_field) -> ClosedRange<Int64> {
        switch field {
        case TOCSIN_JUMPS: 0...Int64(window)
        case TOCSIN_CAUSE: -1...Int64(FaultCause.allCases.count) - 1
        default: 0...Int64(longest)
        }
    }
}
