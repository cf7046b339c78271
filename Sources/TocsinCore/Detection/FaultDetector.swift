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
    struct Watch: BitwiseCopyable {
        var last = Double.nan
        var stillFor: Int32 = 0
        var absentFor: Int32 = 0
        var invalidFor: Int32 = 0
        var outsideFor: Int32 = 0
        /// One bit per frame, the newest lowest: whether the channel jumped.
        var jumps: UInt32 = 0
        /// A ``FaultCause``; −1 for none.
        var cause: Int32 = -1
    }

    /// What a sound channel does; counts are in frames, 0 for no limit.
    struct Limits: BitwiseCopyable {
        var lowest: Double
        var highest: Double
        var step: Double
        var still: Int32
        var absent: Int32
        var bad: Int32
    }

    private var watches: [Watch]

    /// A detector that has seen nothing.
    public init(channels: Int) {
        watches = Array(repeating: Watch(), count: channels)
    }

    /// What is wrong with each channel, `[channels]`.
    public var causes: [FaultCause?] { watches.map { FaultCause(rawValue: Int($0.cause)) } }

    /// Jumps among the last twenty frames that make a fault.
    static let jumpsOfAFault = 5
    fileprivate static let window: UInt32 = (1 << 20) - 1
    /// Times are counted up to here.
    fileprivate static let longest: Int32 = 1 << 30

    /// Takes in one frame.
    ///
    /// - Returns: how many channels are faulty
    public mutating func update(
        _ frame: Frame,
        limits: FaultLimits,
        channels: [Channel]
    ) -> Int {
        var limits = limits.watched(channels)
        var entries = frame.entries
        return watches.withNumbers { watches in
            limits.withNumbers { limits in
                entries.withNumbers { Self.update(watches, $0, limits) }
            }
        }
    }

    /// Takes in one frame; does not allocate.
    static func update(
        _ watches: Numbers<Watch>,
        _ frame: Numbers<Frame.Entry>,
        _ limits: Numbers<Limits>
    ) -> Int {
        var faulty = 0
        for c in watches.indices {
            let limits = limits[c]
            var watch = watches[c]
            watch.update(frame[c], limits)
            watch.cause = watch.found(limits)
            if watch.cause >= 0 { faulty += 1 }
            watches[c] = watch
        }
        return faulty
    }
}

extension FaultDetector.Watch {
    /// Takes in what one frame brought.
    @inline(__always)
    mutating func update(_ entry: Frame.Entry, _ limits: FaultDetector.Limits) {
        invalidFor = entry.isInvalid ? invalidFor.countedUp : 0
        jumps = jumps << 1 & FaultDetector.window
        guard entry.isFresh else {
            absentFor = absentFor.countedUp
            return
        }
        let value = entry.value
        // Across frames without a sample, a channel may go anywhere.
        let follows = absentFor == 0 && limits.step > 0
        if follows, abs(value - last) > limits.step { jumps |= 1 }
        stillFor = value == last ? stillFor.countedUp : 0
        let isInside = value >= limits.lowest && value <= limits.highest
        outsideFor = isInside ? 0 : outsideFor.countedUp
        absentFor = 0
        last = value
    }

    /// What is wrong: a ``FaultCause``, or −1.
    @inline(__always)
    func found(_ limits: FaultDetector.Limits) -> Int32 {
        let cause: FaultCause
        if outsideFor >= limits.bad {
            cause = .outOfRange
        } else if invalidFor >= limits.bad {
            cause = .invalid
        } else if jumps.nonzeroBitCount >= FaultDetector.jumpsOfAFault {
            cause = .rateOfChange
        } else if limits.still > 0, stillFor >= limits.still {
            cause = .stuck
        } else if limits.absent > 0, absentFor >= limits.absent {
            cause = .absent
        } else {
            return -1
        }
        return Int32(cause.rawValue)
    }
}

extension Int32 {
    /// One more, up to the longest time that is counted.
    fileprivate var countedUp: Int32 { Swift.min(self + 1, FaultDetector.longest) }
}

extension FaultLimits {
    /// The limits of each channel, `[channels]`.
    func watched(_ channels: [Channel]) -> [FaultDetector.Limits] {
        channels.indices.map { c in
            FaultDetector.Limits(
                lowest: channels[c].minimum ?? -.infinity,
                highest: channels[c].maximum ?? .infinity,
                step: steps[c],
                still: Int32(clamping: still[c]),
                absent: Int32(clamping: absent[c]),
                bad: Int32(clamping: bad)
            )
        }
    }
}

extension FaultDetector {
    static func save(_ watches: Numbers<Watch>, to writer: inout StateWriter) {
        let watches = watches.indices.map { watches[$0] }
        writer.write(watches.map(\.last))
        writer.write(watches.map { Int64($0.stillFor) })
        writer.write(watches.map { Int64($0.absentFor) })
        writer.write(watches.map { Int64($0.invalidFor) })
        writer.write(watches.map { Int64($0.outsideFor) })
        writer.write(watches.map { Int64($0.jumps) })
        writer.write(watches.map { Int64($0.cause) })
    }

    static func restore(
        _ watches: Numbers<Watch>,
        from reader: inout StateReader
    ) throws(StateError) {
        let channels = watches.count
        let last = try reader.readDoubles(count: channels)
        let stillFor = try reader.readTimes(count: channels)
        let absentFor = try reader.readTimes(count: channels)
        let invalidFor = try reader.readTimes(count: channels)
        let outsideFor = try reader.readTimes(count: channels)
        let jumps = try reader.readCounts(count: channels)
        guard jumps.allSatisfy({ $0 <= Int64(window) }) else { throw .inconsistent }
        let causes = try reader.readIntegers(count: channels)
        guard causes.allSatisfy({ (-1..<Int64(FaultCause.allCases.count)).contains($0) }),
            !last.contains(where: \.isInfinite)
        else { throw .inconsistent }
        for c in watches.indices {
            watches[c] = Watch(
                last: last[c],
                stillFor: stillFor[c],
                absentFor: absentFor[c],
                invalidFor: invalidFor[c],
                outsideFor: outsideFor[c],
                jumps: UInt32(jumps[c]),
                cause: Int32(causes[c])
            )
        }
    }
}

extension StateReader {
    /// Times in frames, `[count]`.
    fileprivate mutating func readTimes(count: Int) throws(StateError) -> [Int32] {
        let times = try readCounts(count: count)
        guard times.allSatisfy({ $0 <= Int64(FaultDetector.longest) }) else { throw .inconsistent }
        return times.map { Int32($0) }
    }
}
