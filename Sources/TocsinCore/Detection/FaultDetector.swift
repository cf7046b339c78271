/// Why a channel is called faulty.
public enum FaultCause: Int, Sendable, CaseIterable, Codable {
    /// It has shown the very same value for too long.
    case stuck
    /// It has left its physical range.
    case outOfRange
    /// It sends what is no number.
    case invalid
    /// It has jumped, time and again, further from one frame to the next than it ever did.
    case rateOfChange
    /// It sends nothing while the device's other channels do.
    case absent

    /// As in alerts and status messages.
    public var name: String {
        switch self {
        case .stuck: "stuck"
        case .outOfRange: "out of range"
        case .invalid: "not a number"
        case .rateOfChange: "rate of change"
        case .absent: "absent"
        }
    }
}

/// How long a channel may stand still or stay away; fitted in training.
public struct FaultLimits: Sendable, Equatable, Codable {
    /// Frames with the very same value from which on a channel is stuck, `[channels]`; 0 for a
    /// channel that may stand still for ever.
    public var still: [Int]
    /// Frames without a fresh value from which on a channel is absent, `[channels]`; 0 for never.
    public var absent: [Int]
    /// The largest change from one frame to the next that a sound channel makes, in its unit,
    /// `[channels]`; 0 for a channel that may jump as it likes.
    public var steps: [Double]
    /// The longest time without any sample that is usual for a device, in seconds.
    public var usualGap: Double
    /// Frames of invalid or impossible values from which on a channel is faulty.
    public var bad: Int

    /// Limits; steps without any if left out.
    public init(
        still: [Int],
        absent: [Int],
        steps: [Double]? = nil,
        usualGap: Double = 0,
        bad: Int = 3
    ) {
        self.still = still
        self.absent = absent
        self.steps = steps ?? still.map { _ in 0 }
        self.usualGap = usualGap
        self.bad = bad
    }

    private enum CodingKeys: String, CodingKey {
        case still, absent, steps, bad
        case usualGap = "usual_gap_s"
    }
}

/// Watches each channel of a device for what a sensor does when it breaks.
///
/// A single jump is a change of load, a jump there and back a spike: both are anomalies. A loose
/// contact jumps all the time, so five jumps within twenty frames make a fault; it is over when
/// fewer are left among the last twenty.
public struct FaultDetector: Sendable {
    private var last: [Double]
    private var stillFor: [Int64]
    private var absentFor: [Int64]
    private var invalidFor: [Int64]
    private var outsideFor: [Int64]
    /// One bit per frame, the newest lowest: whether the channel jumped, `[channels]`.
    private var jumps: [Int64]
    /// What is wrong with each channel, `[channels]`.
    public private(set) var causes: [FaultCause?]

    /// A detector that has seen nothing.
    public init(channels: Int) {
        last = Array(repeating: .nan, count: channels)
        stillFor = Array(repeating: 0, count: channels)
        absentFor = stillFor
        invalidFor = stillFor
        outsideFor = stillFor
        jumps = stillFor
        causes = Array(repeating: nil, count: channels)
    }

    /// Jumps among the last twenty frames that make a fault.
    static let jumpsOfAFault = 5
    private static let window: Int64 = (1 << 20) - 1

    /// Takes in one frame; does not allocate.
    ///
    /// - Returns: how many channels are faulty
    public mutating func update(
        _ frame: Frame,
        limits: FaultLimits,
        channels: [Channel]
    ) -> Int {
        var faulty = 0
        for c in last.indices {
            invalidFor[c] = frame.isInvalid[c] ? invalidFor[c] + 1 : 0
            jumps[c] = jumps[c] << 1 & Self.window
            if frame.isFresh[c] {
                let value = frame.values[c]
                // Across frames without a sample, a channel may go anywhere.
                let follows = absentFor[c] == 0 && limits.steps[c] > 0
                if follows, abs(value - last[c]) > limits.steps[c] { jumps[c] |= 1 }
                stillFor[c] = value == last[c] ? stillFor[c] + 1 : 0
                outsideFor[c] = channels[c].allows(value) ? 0 : outsideFor[c] + 1
                absentFor[c] = 0
                last[c] = value
            } else {
                absentFor[c] += 1
            }
            let still = limits.still[c]
            let absent = limits.absent[c]
            causes[c] =
                if outsideFor[c] >= limits.bad {
                    .outOfRange
                } else if invalidFor[c] >= limits.bad {
                    .invalid
                } else if jumps[c].nonzeroBitCount >= Self.jumpsOfAFault {
                    .rateOfChange
                } else if still > 0, stillFor[c] >= still {
                    .stuck
                } else if absent > 0, absentFor[c] >= absent {
                    .absent
                } else {
                    nil
                }
            if causes[c] != nil { faulty += 1 }
        }
        return faulty
    }
}

extension FaultDetector {
    func save(to writer: inout StateWriter) {
        writer.write(last)
        writer.write(stillFor)
        writer.write(absentFor)
        writer.write(invalidFor)
        writer.write(outsideFor)
        writer.write(jumps)
        writer.write(causes.map { Int64($0?.rawValue ?? -1) })
    }

    mutating func restore(from reader: inout StateReader) throws(StateError) {
        let channels = last.count
        last = try reader.readDoubles(count: channels)
        stillFor = try reader.readCounts(count: channels)
        absentFor = try reader.readCounts(count: channels)
        invalidFor = try reader.readCounts(count: channels)
        outsideFor = try reader.readCounts(count: channels)
        jumps = try reader.readCounts(count: channels)
        guard jumps.allSatisfy({ $0 <= Self.window }) else { throw .inconsistent }
        let saved = try reader.readIntegers(count: channels)
        guard saved.allSatisfy({ (-1..<Int64(FaultCause.allCases.count)).contains($0) }) else {
            throw .inconsistent
        }
        causes = saved.map {
            FaultCause(rawValue: Int(clamping: $0))
        }
    }
}
