import TocsinCore

/// Decides which scores are published, by a ``ScorePolicy``.
///
/// Nothing here looks at a clock: all times are those of the frames, so the same frames lead to the
/// same messages, however fast they are played.
///
/// The limit is shared evenly. Every device has a rate at which its scores are wanted, one over the
/// time since the last one; as long as all rates together stay within the limit, every score passes.
/// Beyond that, time is cut into turns, as long as it takes to send one score of every device, and a
/// device's score passes if it is the first in its turn. Turns of different devices begin at
/// different times, so that they do not all send at once. A device at or above level 1, and one that
/// has just come back from there, shares with its like alone, and before the others; those get what
/// is left, at least a tenth.
struct ScoreGate: Sendable {
    /// Scores that were left out for the sake of ``ScorePolicy/perSecond``.
    private(set) var thinned = 0
    /// What all devices want together.
    var shares = ScoreShares()

    private let policy: ScorePolicy

    /// A gate through which nothing has passed.
    init(_ policy: ScorePolicy) {
        self.policy = policy
    }

    /// Whether a frame's score is published.
    ///
    /// - Parameters:
    ///   - device: its number
    ///   - memory: what is known of the device
    ///   - time: the frame's tick, later than the device's last one, unless the
    ///     clock was set back
    ///   - score: `nil` while warming up
    ///   - novelty: as `score`
    mutating func passes(
        device: Int,
        memory: inout PublishedScore,
        time: Timestamp,
        score: Double?,
        novelty: Double?
    ) -> Bool {
        let now = time.microseconds
        let score = score ?? .nan
        let novelty = novelty ?? .nan
        guard isWanted(memory, now, score, novelty) else { return false }
        let isAbove = score >= 1 || novelty >= 1
        guard policy.perSecond == 0 || isItsTurn(device, &memory, now, isAbove) else {
            thinned += 1
            return false
        }
        memory.sent = now
        memory.score = score
        memory.novelty = novelty
        return true
    }

    /// Forgets a device that has left.
    mutating func forget(_ memory: PublishedScore) {
        if memory.wanted != .min { remove(memory) }
    }

    /// Takes note of a device that was known to an earlier gate of the same policy.
    mutating func resume(_ memory: PublishedScore) {
        if memory.wanted != .min { add(memory) }
    }

    private func isWanted(
        _ memory: PublishedScore,
        _ now: Int64,
        _ score: Double,
        _ novelty: Double
    ) -> Bool {
        // The first below the level says that it is over.
        if policy.level > 0, !(score >= policy.level), !(memory.score >= policy.level) {
            return false
        }
        guard memory.sent != .min else { return true }
        // A clock that was set back leaves nothing to wait for.
        if now > memory.sent, .microseconds(now - memory.sent) < policy.interval { return false }
        if policy.change > 0 {
            return moved(score, memory.score) || moved(novelty, memory.novelty)
        }
        return true
    }

    private func moved(_ new: Double, _ old: Double) -> Bool {
        new.isNaN || old.isNaN ? new.isNaN != old.isNaN : abs(new - old) >= policy.change
    }

    private mutating func remove(_ memory: PublishedScore) {
        if memory.isUrgent {
            shares.urgent.devices -= 1
            shares.urgent.rate -= memory.rate
        } else {
            shares.usual.devices -= 1
            shares.usual.rate -= memory.rate
        }
    }

    private mutating func add(_ memory: PublishedScore) {
        if memory.isUrgent {
            shares.urgent.devices += 1
            shares.urgent.rate += memory.rate
        } else {
            shares.usual.devices += 1
            shares.usual.rate += memory.rate
        }
    }

    /// Takes note that a device wants to send, and says whether it may.
    private mutating func isItsTurn(
        _ number: Int,
        _ memory: inout PublishedScore,
        _ now: Int64,
        _ isAbove: Bool
    ) -> Bool {
        let before = memory.wanted
        if before != .min {
            remove(memory)
            if now > before { memory.rate = 1e6 / Double(now - before) }
        }
        memory.wanted = now
        memory.isUrgent = isAbove || memory.isAbove
        memory.isAbove = isAbove
        add(memory)

        let all = Double(policy.perSecond)
        let left = max(all - shares.urgent.rate, all / 10)
        let turn = memory.isUrgent ? shares.urgent.turn(all) : shares.usual.turn(left)
        // Of many that appear at once, not all can have sent already.
        guard before != .min else { return number < policy.perSecond }
        guard let turn else { return true }
        // The device's place among the others: neighbours begin their turns one after the other.
        let begin = Int64(number) * 1_000_000 / Int64(policy.perSecond)
        return (now - begin).floorDivided(by: turn) > (before - begin).floorDivided(by: turn)
    }
}

extension Int64 {
    /// The quotient, rounded down.
    fileprivate func floorDivided(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}
