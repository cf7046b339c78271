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
    private var held: [Double]
    private var since: [Int64]

    /// An assembler that has seen nothing.
    public init(clock: FrameClock, lateness: Duration, channels: Int) {
        timing = FrameTiming(clock: clock, lateness: lateness, channels: channels)
        let slots = Int(timing.slots)
        places = Array(repeating: FrameSlots.nothing, count: slots * timing.padded)
        arrived = Array(repeating: 0, count: slots)
        held = Array(repeating: .nan, count: timing.padded)
        since = Array(repeating: .min, count: timing.padded)
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
        let time = frame.withFields { fields in change { $0.removeOldest(into: fields) } }
        frame.time = Timestamp(microseconds: time)
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
                    try held.withFields(timing.channels) { held in
                        try since.withFields(timing.channels) { since in
                            try body(
                                FrameSlots(
                                    grid: grid,
                                    places: places,
                                    arrived: arrived,
                                    held: held,
                                    since: since,
                                    timing: timing
                                )
                            )
                        }
                    }
                }
            }
        }
    }
}
