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
    /// What is remembered of a channel; times are in frames.
    fileprivate struct Watch {
        var last = Double.nan
        var stillFor: Int64 = 0
        var absentFor: Int64 = 0
        var invalidFor: Int64 = 0
        var outsideFor: Int64 = 0
        /// One bit per frame, the newest lowest: whether the channel jumped.
        var jumps: Int64 = 0
        var cause: FaultCause?
    }

    /// What is remembered of each, `[channels]`.
    private var watches: [Watch]

    /// A detector that has seen nothing.
    public init(channels: Int) {
        watches = Array(repeating: Watch(), count: channels)
    }

    /// What is wrong with each channel, `[channels]`.
    public var causes: [FaultCause?] { watches.map(\.cause) }

    /// Jumps among the last twenty frames that make a fault.
    static let jumpsOfAFault = 5
    fileprivate static let window: Int64 = (1 << 20) - 1

    /// Takes in one frame; does not allocate.
    ///
    /// - Returns: how many channels are faulty
    public mutating func update(
        _ frame: Frame,
        limits: FaultLimits,
        channels: [Channel]
    ) -> Int {
        var faulty = 0
        var watches = watches.mutableSpan
        let isInvalid = frame.isInvalid.span
        let isFresh = frame.isFresh.span
        let values = frame.values.span
        for c in watches.indices {
            watches[c].update(
                isFresh[c] ? values[c] : nil,
                isInvalid: isInvalid[c],
                largestStep: limits.steps[c],
                channel: channels[c]
            )
            watches[c].cause = watches[c].cause(
                still: limits.still[c],
                absent: limits.absent[c],
                bad: limits.bad
            )
            if watches[c].cause != nil { faulty += 1 }
        }
        return faulty
    }
}

extension FaultDetector.Watch {
    /// Takes in one frame: its value, if it brought one.
    mutating func update(
        _ value: Double?,
        isInvalid: Bool,
        largestStep: Double,
        channel: borrowing Channel
    ) {
        invalidFor = isInvalid ? invalidFor + 1 : 0
        jumps = jumps << 1 & FaultDetector.window
        guard let value else {
            absentFor += 1
            return
        }
        // Across frames without a sample, a channel may go anywhere.
        let follows = absentFor == 0 && largestStep > 0
        if follows, abs(value - last) > largestStep { jumps |= 1 }
        stillFor = value == last ? stillFor + 1 : 0
        outsideFor = channel.allows(value) ? 0 : outsideFor + 1
        absentFor = 0
        last = value
    }

    /// What is wrong, by limits in frames; 0 for none.
    func cause(still: Int, absent: Int, bad: Int) -> FaultCause? {
        if outsideFor >= bad { return .outOfRange }
        if invalidFor >= bad { return .invalid }
        if jumps.nonzeroBitCount >= FaultDetector.jumpsOfAFault { return .rateOfChange }
        if still > 0, stillFor >= still { return .stuck }
        if absent > 0, absentFor >= absent { return .absent }
        return nil
    }
}

extension FaultDetector {
    func save(to writer: inout StateWriter) {
        writer.write(watches.map(\.last))
        writer.write(watches.map(\.stillFor))
        writer.write(watches.map(\.absentFor))
        writer.write(watches.map(\.invalidFor))
        writer.write(watches.map(\.outsideFor))
        writer.write(watches.map(\.jumps))
        writer.write(watches.map { Int64($0.cause?.rawValue ?? -1) })
    }

    mutating func restore(from reader: inout StateReader) throws(StateError) {
        let channels = watches.count
        let last = try reader.readDoubles(count: channels)
        let stillFor = try reader.readCounts(count: channels)
        let absentFor = try reader.readCounts(count: channels)
        let invalidFor = try reader.readCounts(count: channels)
        let outsideFor = try reader.readCounts(count: channels)
        let jumps = try reader.readCounts(count: channels)
        guard jumps.allSatisfy({ $0 <= Self.window }) else { throw .inconsistent }
        let causes = try reader.readIntegers(count: channels)
        guard causes.allSatisfy({ (-1..<Int64(FaultCause.allCases.count)).contains($0) }) else {
            throw .inconsistent
        }
        watches = (0..<channels).map { c in
            Watch(
                last: last[c],
                stillFor: stillFor[c],
                absentFor: absentFor[c],
                invalidFor: invalidFor[c],
                outsideFor: outsideFor[c],
                jumps: jumps[c],
                cause: FaultCause(rawValue: Int(clamping: causes[c]))
            )
        }
    }
}
