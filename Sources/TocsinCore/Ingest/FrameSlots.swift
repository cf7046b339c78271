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
