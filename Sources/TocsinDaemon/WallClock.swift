import CLinux
import Glibc
import TocsinCore

/// The time of day, and when it jumps.
///
/// What arrives is stamped by the clock that counts since boot, sleep included, because nobody can
/// set it. The fleet's owner turns stamps into the time of day, and looks now and then at what the
/// system says that is. So a clock that is set is one event, and no message lies on the wrong side
/// of it.
struct WallClock: Sendable {
    /// A jump is more than NTP corrects between two looks (at most a tenth of the time) and less
    /// than what it sets at once (chrony 1 s, ntpd 128 ms, systemd-timesyncd 400 ms).
    static let leastJump = Duration.milliseconds(100)

    private let systemTime: @Sendable () -> Timestamp
    private let sinceBoot: @Sendable () -> Timestamp
    /// What is added to the time since boot, in microseconds; every message asks for it.
    private var offset: Int64 = 0

    /// The system's.
    init() {
        self.init(
            systemTime: { Self.systemTime() },
            sinceBoot: { Self.read(CLOCK_BOOTTIME) }
        )
    }

    init(
        systemTime: @escaping @Sendable () -> Timestamp,
        sinceBoot: @escaping @Sendable () -> Timestamp
    ) {
        self.systemTime = systemTime
        self.sinceBoot = sinceBoot
        offset = measuredOffset() ?? systemTime().microseconds - sinceBoot().microseconds
    }

    /// Now.
    func now() -> Timestamp { time(of: sinceBoot()) }

    /// What the system says that the time is.
    static func systemTime() -> Timestamp { read(CLOCK_REALTIME) }

    /// A stamp for something that happens now; from any thread, and in order whatever is set.
    static func stamp() -> Timestamp { read(CLOCK_BOOTTIME) }

    /// The time of day of a stamp.
    func time(of stamp: Timestamp) -> Timestamp {
        Timestamp(microseconds: stamp.microseconds + offset)
    }

    /// Follows the system's time; returns how far it has jumped since the last look, if it has.
    mutating func follow() -> Duration? {
        guard let measured = measuredOffset() else { return nil }
        let step = Duration.microseconds(measured - offset)
        offset = measured
        return step.magnitude >= Self.leastJump ? step : nil
    }

    /// How far the time of day is ahead of the time since boot; `nil` if this thread was held up
    /// between looking at the one and the other, time and again.
    private func measuredOffset() -> Int64? {
        for _ in 0..<5 {
            let before = sinceBoot()
            let time = systemTime()
            let after = sinceBoot()
            if after - before < Self.leastJump / 10 {
                return time.microseconds - after.microseconds
            }
        }
        return nil
    }

    private static func read(_ clock: clockid_t) -> Timestamp {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }
}

extension Duration {
    /// Without its sign.
    var magnitude: Duration { self < .zero ? .zero - self : self }
}
