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
    private var times: [Int32]
    private let channels: Int

    /// A detector that has seen nothing.
    public init(channels: Int) {
        self.channels = channels
        let padded = Channels.padded(channels)
        last = Array(repeating: 0, count: padded)
        times = Array(repeating: 0, count: FaultWatches.fields * padded)
        withWatches { $0.begin() }
    }

    /// What is wrong with each channel, `[channels]`.
    public var causes: [FaultCause?] {
        var copy = self
        return copy.withWatches { $0.causes }
    }

    /// Takes in one frame.
    ///
    /// - Returns: how many channels are faulty
    public mutating func update(
        _ frame: Frame,
        limits: FaultLimits,
        channels: [Channel]
    ) -> Int {
        let limits = FaultUsual(limits, channels)
        var frame = frame
        return withExtendedLifetime(limits) {
            withWatches { watches in
                frame.withFields { watches.update($0, limits.view) }
            }
        }
    }

    private mutating func withWatches<Result>(_ body: (FaultWatches) -> Result) -> Result {
        let channels = channels
        return last.withFields(channels) { last in
            times.withFields(channels) { body(FaultWatches(last: last, times: $0)) }
        }
    }
}
