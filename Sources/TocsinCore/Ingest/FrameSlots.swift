internal import CTocsinKernels

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

    /// Where a sample belongs.
    enum Seat: BitwiseCopyable, Sendable {
        /// In an open frame, by its number.
        case frame(Int64)
        /// Nowhere.
        case none(FrameAssembler.Placement)
    }

    /// Stands where no sample has arrived; a sample without a value is another NaN.
    static let nothing = Double(bitPattern: TOCSIN_NOTHING)

    /// The one of the device, `[1]`.
    let grid: Numbers<Grid>
    /// The open frames, `[slots, padded]`.
    let places: Numbers<Double>
    /// How many channels have arrived, `[slots]`.
    let arrived: Numbers<Int32>
    /// Each channel's last value, and when it was measured, `[padded]`.
    let held: ChannelFields<Double>
    let since: ChannelFields<Int64>
    let timing: FrameTiming

    /// Begins anew.
    func clear() {
        grid[0] = Grid()
        places.fill(Self.nothing)
        arrived.fill(0)
        held.numbers.fill(.nan)
        since.numbers.fill(.min)
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
        guard Self.put(value, into: places(of: frame), channel: channel) else {
            return surplus(at: time, isFirst: true)
        }
        note(1, frame: frame, time: time)
        return .placed
    }

    /// Where the values of an open frame stand, `[channels]`.
    @inline(__always)
    func places(of frame: Int64) -> Numbers<Double> {
        places.row(Int(frame & (timing.slots - 1)), timing.padded)
    }

    /// Puts a value where none has arrived, of which ``note(_:frame:time:)`` must be told.
    ///
    /// - Returns: whether there was none
    @inline(__always)
    static func put(_ value: Double, into places: Numbers<Double>, channel: Int) -> Bool {
        guard places[channel].bitPattern == nothing.bitPattern else { return false }
        places[channel] = value.isNaN ? .nan : value
        return true
    }

    /// Notes that so many values of a frame were put.
    @inline(__always)
    func note(_ count: Int32, frame: Int64, time: Int64) {
        arrived[Int(frame & (timing.slots - 1))] += count
        if frame > grid[0].newest { grid[0].newest = frame }
        if time > grid[0].watermark { grid[0].watermark = time }
    }

    /// What becomes of a value whose place is taken, the first of its row or not.
    func surplus(at time: Int64, isFirst: Bool) -> FrameAssembler.Placement {
        isFirst && moveWatermark(time) ? .surplus : .duplicate
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
    func tick(of time: Int64) -> Int64 {
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
    func removeOldest(into frame: FrameFields) -> Int64 {
        let slot = Int(grid[0].oldest & (timing.slots - 1))
        let time = grid[0].origin + grid[0].oldest * timing.period
        let padded = timing.padded
        precondition(frame.values.padded == padded && held.padded == padded)
        var channels = unsafe tocsin_frame(
            values: frame.values.numbers.start,
            marks: frame.marks.numbers.start,
            held: held.numbers.start,
            since: since.numbers.start
        )
        unsafe tocsin_take_frame(
            &channels,
            places.row(slot, padded).start,
            padded,
            time,
            time - timing.holdLimit,
            arrived[slot] > 0
        )
        arrived[slot] = 0
        grid[0].oldest += 1
        return time
    }

    /// Keeps a retained value, unless a newer one is known.
    func keep(_ channel: Int, _ value: Double, _ time: Int64) {
        guard !value.isNaN, time >= since[0][channel] else { return }
        held[0][channel] = value
        since[0][channel] = time
    }
}
