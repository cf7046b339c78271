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

    private let policy: ScorePolicy
    /// By the device's number.
    private var devices: [Device] = []
    private var urgent = Share()
    private var usual = Share()

    /// What is known of one device.
    private struct Device {
        /// When a score was wanted last, microseconds; `nil` for never.
        var wanted: Int64?
        /// How often one is wanted, per second.
        var rate = 0.0
        var isUrgent = false
        /// Whether the last score was at or above level 1.
        var isAbove = false
        /// When the last message was, in microseconds, and what it said; NaN for no score.
        var sent: Int64?
        var score = Double.nan
        var novelty = Double.nan
    }

    /// Devices that share a part of the limit.
    private struct Share {
        var devices = 0
        /// How many scores of theirs are wanted, per second.
        var rate = 0.0

        mutating func remove(_ device: Device) {
            devices -= 1
            rate -= device.rate
        }

        mutating func add(_ device: Device) {
            devices += 1
            rate += device.rate
        }

        /// How long a turn takes at so many messages a second, microseconds; `nil` if everything
        /// passes.
        func turn(_ perSecond: Double) -> Int64? {
            rate > perSecond * 1.000_001 ? Int64(Double(devices) / perSecond * 1e6) : nil
        }
    }

    /// A gate through which nothing has passed.
    init(_ policy: ScorePolicy) {
        self.policy = policy
    }

    /// Whether a frame's score is published.
    ///
    /// - Parameters:
    ///   - device: its number
    ///   - time: the frame's tick, later than the device's last one
    ///   - score: `nil` while warming up
    ///   - novelty: as `score`
    mutating func passes(device: Int, time: Timestamp, score: Double?, novelty: Double?) -> Bool {
        while devices.count <= device { devices.append(Device()) }
        let now = time.microseconds
        let score = score ?? .nan
        let novelty = novelty ?? .nan
        guard isWanted(devices[device], now, score, novelty) else { return false }
        let isAbove = score >= 1 || novelty >= 1
        guard policy.perSecond == 0 || isItsTurn(device, now, isAbove) else {
            thinned += 1
            return false
        }
        devices[device].sent = now
        devices[device].score = score
        devices[device].novelty = novelty
        return true
    }

    private func isWanted(
        _ device: Device,
        _ now: Int64,
        _ score: Double,
        _ novelty: Double
    ) -> Bool {
        // The first below the level says that it is over.
        if policy.level > 0, !(score >= policy.level), !(device.score >= policy.level) {
            return false
        }
        guard let sent = device.sent else { return true }
        if policy.interval > .zero, .microseconds(now - sent) < policy.interval { return false }
        if policy.change > 0 {
            return moved(score, device.score) || moved(novelty, device.novelty)
        }
        return true
    }

    private func moved(_ new: Double, _ old: Double) -> Bool {
        new.isNaN || old.isNaN ? new.isNaN != old.isNaN : abs(new - old) >= policy.change
    }

    /// Takes note that a device wants to send, and says whether it may.
    private mutating func isItsTurn(_ number: Int, _ now: Int64, _ isAbove: Bool) -> Bool {
        var device = devices[number]
        let before = device.wanted
        if before != nil {
            if device.isUrgent { urgent.remove(device) } else { usual.remove(device) }
        }
        if let before, now > before { device.rate = 1e6 / Double(now - before) }
        device.wanted = now
        device.isUrgent = isAbove || device.isAbove
        device.isAbove = isAbove
        if device.isUrgent { urgent.add(device) } else { usual.add(device) }
        devices[number] = device

        let all = Double(policy.perSecond)
        let left = max(all - urgent.rate, all / 10)
        let turn = device.isUrgent ? urgent.turn(all) : usual.turn(left)
        // Of many that appear at once, not all can have sent already.
        guard let before else { return number < policy.perSecond }
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
