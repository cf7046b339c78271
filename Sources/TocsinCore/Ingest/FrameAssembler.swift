/// What is the same for every device of a model: period, gaps and fill, in microseconds.
struct FrameTiming: BitwiseCopyable, Sendable {
    let period: Int64
    let maxGap: Int64
    /// How much longer than its period a frame waits.
    let patience: Int64
    /// How long a value is held; negative for never.
    let holdLimit: Int64
    /// How many frames may be open at a time.
    let window: Int64
    /// Room for them: a power of two, so that a frame's slot is found without a division.
    let slots: Int64
    let channels: Int

    init(clock: FrameClock, lateness: Duration, channels: Int) {
        period = max(clock.period.microseconds, 1000)
        maxGap = clock.maxGap.microseconds
        patience = lateness.microseconds
        holdLimit =
            switch clock.fill {
            case .hold: clock.holdLimit.microseconds
            case .missing: -1
            }
        window = min(2 + (lateness.microseconds + period - 1) / period, 64)
        slots = 1 << (64 - (window - 1).leadingZeroBitCount)
        self.channels = channels
    }
}

/// Gathers the samples of one device into frames, one per period, on a grid in event time.
///
/// The first sample lays the grid: ticks are whole periods away from it, and a sample belongs to the
/// tick that is nearest. Frames leave in order. One leaves as soon as all its channels have arrived,
/// or when a sample has been seen that lies later than the end of its period plus the lateness
/// tolerance. Up to then, late samples are still placed where they belong. Only event time counts,
/// so the same samples give the same frames at any speed.
///
/// This is one device's part, wherever its numbers lie; ``FrameAssembler`` owns some.
struct FrameSlots {
    /// The grid, and how far it is filled; frames are numbered from the first sample's.
    struct Grid: BitwiseCopyable {
        /// Tick 0, in microseconds; `Int64.min` before the first sample.
        var origin = Int64.min
        /// The oldest frame that has not left.
        var oldest: Int64 = 0
        /// The newest frame that has a sample.
        var newest: Int64 = -1
        /// The latest sample's time.
        var watermark = Int64.min
    }

    /// A channel's last value, and when it was measured.
    struct Held: BitwiseCopyable {
        var value = Double.nan
        var since = Int64.min
    }

    /// Where a sample belongs.
    enum Seat: BitwiseCopyable, Sendable {
        /// In an open frame, by its number.
        case frame(Int64)
        /// Nowhere.
        case none(FrameAssembler.Placement)
    }

    /// Stands where no sample has arrived; a sample without a value is another NaN.
    static let nothing = Double(bitPattern: 0x7FF8_0000_0000_7E57)

    /// The one of the device, `[1]`.
    let grid: Numbers<Grid>
    /// The open frames, `[slots × channels]`.
    let places: Numbers<Double>
    /// How many channels have arrived, `[slots]`.
    let arrived: Numbers<Int32>
    /// Each channel's last value, `[channels]`.
    let held: Numbers<Held>
    let timing: FrameTiming

    /// Begins anew.
    func clear() {
        grid[0] = Grid()
        places.fill(Self.nothing)
        arrived.fill(0)
        held.fill(Held())
    }

    /// When the latest sample was measured, or `nil` before the first one.
    var latest: Timestamp? {
        grid[0].origin == .min ? nil : Timestamp(microseconds: grid[0].watermark)
    }

    /// Where samples of a time belong; nothing changes but a watermark that moves.
    func seat(at time: Int64) -> Seat {
        if grid[0].origin == .min {
            grid[0] = Grid(origin: time)
        }
        let index = tick(of: time)
        if index < grid[0].oldest { return .none(moveWatermark(time) ? .surplus : .late) }
        let watermark = grid[0].watermark
        if time > watermark, watermark != .min, time - watermark > timing.maxGap {
            return .none(.gap)
        }
        if index >= grid[0].oldest + timing.window { return .none(.full) }
        return .frame(index)
    }

    /// Puts a value into the frame that ``seat(at:)`` found for its time.
    @inline(__always)
    func put(
        _ value: Double,
        channel: Int,
        frame: Int64,
        time: Int64
    ) -> FrameAssembler.Placement {
        let slot = Int(frame & (timing.slots - 1))
        let place = slot * timing.channels + channel
        guard places[place].bitPattern == Self.nothing.bitPattern else {
            return moveWatermark(time) ? .surplus : .duplicate
        }
        places[place] = value.isNaN ? .nan : value
        arrived[slot] += 1
        if frame > grid[0].newest { grid[0].newest = frame }
        if time > grid[0].watermark { grid[0].watermark = time }
        return .placed
    }

    /// Puts a sample where it belongs; on `full` and `gap` nothing changed.
    func place(_ sample: Sample) -> FrameAssembler.Placement {
        let time = sample.time.microseconds
        if sample.isRetained {
            keep(sample.channel, sample.value, time)
            return .placed
        }
        switch seat(at: time) {
        case .none(let placement): return placement
        case .frame(let frame):
            return put(sample.value, channel: sample.channel, frame: frame, time: time)
        }
    }

    /// The number of the frame that a time belongs to.
    private func tick(of time: Int64) -> Int64 {
        (time - grid[0].origin + timing.period / 2).floorDivided(by: timing.period)
    }

    /// Whether a sample that has no place is the newest so far, and if so moves the watermark.
    private func moveWatermark(_ time: Int64) -> Bool {
        guard time > grid[0].watermark else { return false }
        grid[0].watermark = time
        return true
    }

    /// Whether a frame can leave.
    var hasCompleteFrame: Bool {
        guard hasOpenFrame else { return false }
        let grid = grid[0]
        if arrived[Int(grid.oldest & (timing.slots - 1))] == timing.channels { return true }
        let end = grid.origin + grid.oldest * timing.period + timing.period / 2
        return grid.watermark - end >= timing.patience
    }

    /// Whether a frame waits, complete or not.
    var hasOpenFrame: Bool { grid[0].origin != .min && grid[0].oldest <= grid[0].newest }

    /// Takes out the oldest open frame, complete or not; returns its tick in microseconds.
    ///
    /// A frame in which nothing arrived is masked as a whole: nothing is held across it.
    func removeOldest(into frame: Numbers<Frame.Entry>) -> Int64 {
        let slot = Int(grid[0].oldest & (timing.slots - 1))
        let time = grid[0].origin + grid[0].oldest * timing.period
        let isSilent = arrived[slot] == 0
        for c in 0..<timing.channels {
            let value = places[slot * timing.channels + c]
            places[slot * timing.channels + c] = Self.nothing
            if !value.isNaN {
                frame[c] = Frame.Entry(value: value, isFresh: true)
                held[c] = Held(value: value, since: time)
                continue
            }
            let isInvalid = value.bitPattern != Self.nothing.bitPattern
            let last = held[c]
            let isHeld = !isSilent && last.since != .min && time - last.since <= timing.holdLimit
            frame[c] = Frame.Entry(value: isHeld ? last.value : .nan, isInvalid: isInvalid)
        }
        arrived[slot] = 0
        grid[0].oldest += 1
        return time
    }

    /// Keeps a retained value, unless a newer one is known.
    func keep(_ channel: Int, _ value: Double, _ time: Int64) {
        guard !value.isNaN, time >= held[channel].since else { return }
        held[channel] = Held(value: value, since: time)
    }
}

extension FrameSlots {
    /// Writes all that ``restore(from:)`` needs.
    func save(to writer: inout StateWriter) {
        writer.write(grid[0].origin)
        writer.write(grid[0].oldest)
        writer.write(grid[0].newest)
        writer.write(grid[0].watermark)
        writer.write(places.indices.map { places[$0] })
        writer.write(held.indices.map { held[$0].value })
        writer.write(held.indices.map { held[$0].since })
    }

    /// Takes back what ``save(to:)`` wrote, by slots of the same timing.
    func restore(from reader: inout StateReader) throws(StateError) {
        grid[0].origin = try reader.readTime()
        grid[0].oldest = try reader.readCount()
        grid[0].newest = try reader.readInteger()
        grid[0].watermark = try reader.readTime()
        let values = try reader.readDoubles(count: places.count)
        let last = try reader.readDoubles(count: held.count)
        let since = try reader.readIntegers(count: held.count)
        guard
            values.allSatisfy({
                $0.isFinite || $0.bitPattern == Self.nothing.bitPattern
                    || $0.bitPattern == Double.nan.bitPattern
            }),
            last.allSatisfy({ !$0.isInfinite }),
            since.allSatisfy({ $0 == .min || abs($0) < 1 << 60 }),
            isConsistent
        else { throw .inconsistent }
        for i in places.indices { places[i] = values[i] }
        for c in held.indices { held[c] = Held(value: last[c], since: since[c]) }
        for slot in arrived.indices {
            let frame = slot * timing.channels..<(slot + 1) * timing.channels
            let count = frame.count { places[$0].bitPattern != Self.nothing.bitPattern }
            arrived[slot] = Int32(count)
        }
    }

    /// Whether grid, window and watermark belong together; without that, the way from one to the
    /// other might be stepped through for years.
    var isConsistent: Bool {
        let grid = grid[0]
        if grid.origin == .min {
            return grid.oldest == 0 && grid.newest == -1 && grid.watermark == .min
        }
        guard grid.watermark != .min else { return false }
        return grid.newest == tick(of: grid.watermark)
            && (0...timing.window).contains(grid.newest - grid.oldest + 1)
    }
}

/// Frames of one device, from numbers of its own: for recordings and tables.
public struct FrameAssembler: Sendable {
    /// What became of a sample.
    public enum Placement: BitwiseCopyable, Sendable, Equatable {
        /// It stands in its frame.
        case placed
        /// It is known already: its frame has a sample of this channel.
        case duplicate
        /// It is newer than all others, but its period has its sample already: the device sends more
        /// often than its model's period.
        case surplus
        /// Its frame has left.
        case late
        /// Older frames have to leave before it fits.
        case full
        /// The gap before it is longer than the clock allows; the grid has to be laid anew.
        case gap
    }

    private let timing: FrameTiming
    private var grid = [FrameSlots.Grid()]
    private var places: [Double]
    private var arrived: [Int32]
    private var held: [FrameSlots.Held]

    /// An assembler that has seen nothing.
    public init(clock: FrameClock, lateness: Duration, channels: Int) {
        timing = FrameTiming(clock: clock, lateness: lateness, channels: channels)
        let slots = Int(timing.slots)
        places = Array(repeating: FrameSlots.nothing, count: slots * channels)
        arrived = Array(repeating: 0, count: slots)
        held = Array(repeating: FrameSlots.Held(), count: channels)
    }

    /// When the latest sample was measured, or `nil` before the first one.
    public var latest: Timestamp? { read { $0.latest } }

    /// Puts a sample where it belongs; on ``Placement/full`` and ``Placement/gap`` nothing changed.
    public mutating func place(_ sample: Sample) -> Placement { change { $0.place(sample) } }

    /// Whether a frame can leave.
    public var hasCompleteFrame: Bool { read { $0.hasCompleteFrame } }

    /// Whether a frame waits, complete or not.
    public var hasOpenFrame: Bool { read { $0.hasOpenFrame } }

    /// Takes out the oldest open frame, complete or not.
    ///
    /// A frame in which nothing arrived is masked as a whole: nothing is held across it.
    public mutating func removeOldest(into frame: inout Frame) {
        guard latest != nil else { return }
        var entries = frame.entries
        let time = entries.withNumbers { entries in change { $0.removeOldest(into: entries) } }
        frame.time = Timestamp(microseconds: time)
        for c in entries.indices {
            frame.values[c] = entries[c].value
            frame.isFresh[c] = entries[c].isFresh
            frame.isInvalid[c] = entries[c].isInvalid
        }
    }

    /// Forgets the grid and every open frame; the next sample lays a new one.
    public mutating func reset() { change { $0.clear() } }

    private func read<Result>(_ body: (FrameSlots) -> Result) -> Result {
        var copy = self
        return copy.change(body)
    }

    mutating func change<Result>(_ body: (FrameSlots) throws -> Result) rethrows -> Result {
        let timing = timing
        return try grid.withNumbers { grid in
            try places.withNumbers { places in
                try arrived.withNumbers { arrived in
                    try held.withNumbers { held in
                        try body(
                            FrameSlots(
                                grid: grid,
                                places: places,
                                arrived: arrived,
                                held: held,
                                timing: timing
                            )
                        )
                    }
                }
            }
        }
    }
}
