/// When a condition becomes an alert, and when it is over.
public struct AlertPolicy: Sendable, Equatable {
    /// Frames in a row at or above 1 that raise it.
    public var raiseAfter: Int
    /// Frames in a row below ``clearLevel`` that clear it.
    public var clearAfter: Int
    /// Below this level a frame counts towards clearing; between it and 1 nothing changes.
    public var clearLevel: Double
    /// How often a raised alert is said again; `nil` for never.
    public var reminder: Duration?
    /// How long after clearing the next one waits at least.
    public var minimumGap: Duration

    /// A policy.
    public init(
        raiseAfter: Int = 2,
        clearAfter: Int = 10,
        clearLevel: Double = 0.5,
        reminder: Duration? = nil,
        minimumGap: Duration = .zero
    ) {
        self.raiseAfter = raiseAfter
        self.clearAfter = clearAfter
        self.clearLevel = clearLevel
        self.reminder = reminder
        self.minimumGap = minimumGap
    }
}

/// One kind of alert of one device: whether it is raised, and what has counted so far.
public struct AlertCondition: BitwiseCopyable, Sendable, Equatable {
    /// What a frame did to the condition.
    public enum Transition: Sendable, Equatable {
        case raised
        case reminded
        case cleared
    }

    /// Whether the alert is raised.
    public private(set) var isRaised = false
    /// When the condition began; meaningful while raised.
    public private(set) var since = Timestamp(microseconds: 0)
    /// The highest level since then.
    public private(set) var peak = 0.0
    private var streak: Int64 = 0
    private var lastSaid = Timestamp(microseconds: 0)
    private var clearedAt: Timestamp?

    /// A condition that nothing has counted towards.
    public init() {}

    /// Takes in the level of one frame, 1 is the boundary; does not allocate.
    public mutating func update(
        level: Double,
        time: Timestamp,
        policy: AlertPolicy
    ) -> Transition? {
        if isRaised {
            peak = max(peak, level)
            streak = level < policy.clearLevel ? streak + 1 : 0
            if streak >= policy.clearAfter {
                isRaised = false
                streak = 0
                clearedAt = time
                return .cleared
            }
            if let reminder = policy.reminder, time - lastSaid >= reminder {
                lastSaid = time
                return .reminded
            }
            return nil
        }
        guard level >= 1 else {
            streak = 0
            return nil
        }
        if streak == 0 {
            since = time
            peak = 0
        }
        streak += 1
        peak = max(peak, level)
        guard streak >= policy.raiseAfter else { return nil }
        if let clearedAt, time - clearedAt < policy.minimumGap { return nil }
        isRaised = true
        streak = 0
        lastSaid = time
        return .raised
    }

    /// Raises it at once, as begun at `since`; nothing if it is raised already.
    public mutating func raise(level: Double, since: Timestamp, time: Timestamp) -> Transition? {
        guard !isRaised else {
            peak = max(peak, level)
            return nil
        }
        isRaised = true
        self.since = since
        peak = level
        streak = 0
        lastSaid = time
        return .raised
    }

    /// Clears it at once; nothing if it is not raised.
    public mutating func clear(time: Timestamp) -> Transition? {
        guard isRaised else { return nil }
        isRaised = false
        streak = 0
        clearedAt = time
        return .cleared
    }

    /// Goes on after the clock was set: what is waited for takes no longer and no shorter.
    ///
    /// - Parameter movesSince: whether nobody was told when it began; of a raised alert that stays
    ///   as it was said, for its name is made of it
    mutating func clockWasSet(by step: Duration, movesSince: Bool = false) {
        lastSaid = lastSaid + step
        clearedAt = clearedAt.map { $0 + step }
        if movesSince || !isRaised { since = since + step }
    }
}

extension AlertCondition {
    func save(to writer: inout StateWriter) {
        writer.write(isRaised)
        writer.write(since.microseconds)
        writer.write(peak)
        writer.write(streak)
        writer.write(lastSaid.microseconds)
        writer.write(clearedAt?.microseconds ?? .min)
    }

    mutating func restore(from reader: inout StateReader) throws(StateError) {
        isRaised = try reader.readBool()
        since = Timestamp(microseconds: try reader.readTime())
        peak = try reader.readAmount()
        streak = try reader.readCount()
        lastSaid = Timestamp(microseconds: try reader.readTime())
        guard since.microseconds != .min, lastSaid.microseconds != .min else {
            throw .inconsistent
        }
        let cleared = try reader.readTime()
        clearedAt = cleared == .min ? nil : Timestamp(microseconds: cleared)
    }
}
