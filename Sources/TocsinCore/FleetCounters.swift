/// What a fleet counted since it began.
public struct FleetCounters: Sendable, Equatable {
    /// Samples taken in.
    public var samples = 0
    /// Samples whose frame had one of the same channel already.
    public var duplicates = 0
    /// Samples that were newer than all others, in a period that had its sample already.
    public var surplus = 0
    /// Samples that came after their frame had left.
    public var late = 0
    /// Frames assessed.
    public var frames = 0
    /// Resets because of a gap.
    public var resets = 0
    /// Devices that were not watched because there were too many.
    public var devicesRefused = 0
    /// Devices that left to make room for others.
    public var devicesLeft = 0

    /// Nothing counted.
    public init() {}

    /// All of these and of others.
    public static func + (a: Self, b: Self) -> Self {
        var sum = a
        sum.samples += b.samples
        sum.duplicates += b.duplicates
        sum.surplus += b.surplus
        sum.late += b.late
        sum.frames += b.frames
        sum.resets += b.resets
        sum.devicesRefused += b.devicesRefused
        sum.devicesLeft += b.devicesLeft
        return sum
    }

    mutating func count(_ placement: FrameAssembler.Placement) {
        switch placement {
        case .placed, .full, .gap: break
        case .duplicate: duplicates += 1
        case .surplus: surplus += 1
        case .late: late += 1
        }
    }
}
