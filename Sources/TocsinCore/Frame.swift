/// All channels of one device at one tick.
public struct Frame: Sendable, Equatable {
    /// The tick, on the device's grid.
    public var time: Timestamp
    /// In each channel's unit, `[channels]`; NaN where a channel is missing and must be masked.
    public var values: [Double]
    /// Whether a sample of this very period stands behind the value, `[channels]`.
    public var isFresh: [Bool]
    /// Whether a sample of this period said "no value", `[channels]`.
    public var isInvalid: [Bool]

    /// A frame without a single value.
    public init(channels: Int) {
        time = Timestamp(microseconds: 0)
        values = Array(repeating: .nan, count: channels)
        isFresh = Array(repeating: false, count: channels)
        isInvalid = Array(repeating: false, count: channels)
    }

    /// Whether no channel has a value.
    public var isEmpty: Bool {
        for c in values.indices where !values[c].isNaN { return false }
        return true
    }
}

/// How the samples of a device become frames.
public struct FrameClock: Sendable, Equatable, Codable {
    /// One frame per period; at least a millisecond.
    public var period: Duration
    /// A longer time without any sample resets the device's state.
    public var maxGap: Duration
    /// What stands for a channel that had no sample in the period.
    public var fill: Fill
    /// How long ``Fill/hold`` holds a value.
    public var holdLimit: Duration

    /// What stands for a channel that had no sample in the period.
    public enum Fill: String, Sendable, Codable, CaseIterable {
        /// The last value, up to the limit.
        case hold
        /// Nothing: the channel is masked.
        case missing
    }

    /// A clock; by default values are held for five periods, and ten without a sample are a gap.
    public init(
        period: Duration,
        maxGap: Duration? = nil,
        fill: Fill = .hold,
        holdLimit: Duration? = nil
    ) {
        self.period = period
        self.maxGap = maxGap ?? period * 10
        self.fill = fill
        self.holdLimit = holdLimit ?? period * 5
    }

    /// How much of a month, 30.44 days, a frame stands for.
    public var monthsPerFrame: Double { period.inSeconds / (30.44 * 86_400) }

    private enum CodingKeys: String, CodingKey {
        case period = "period_us"
        case maxGap = "max_gap_us"
        case fill
        case holdLimit = "hold_limit_us"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        period = .microseconds(try container.decode(Int64.self, forKey: .period))
        maxGap = .microseconds(try container.decode(Int64.self, forKey: .maxGap))
        fill = try container.decode(Fill.self, forKey: .fill)
        holdLimit = .microseconds(try container.decode(Int64.self, forKey: .holdLimit))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(period.microseconds, forKey: .period)
        try container.encode(maxGap.microseconds, forKey: .maxGap)
        try container.encode(fill, forKey: .fill)
        try container.encode(holdLimit.microseconds, forKey: .holdLimit)
    }
}
