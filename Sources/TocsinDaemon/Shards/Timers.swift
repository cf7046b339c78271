/// When the pipeline does what it does by the clock.
struct Timers {
    /// When the daemon began.
    let start: ContinuousClock.Instant
    private let watchdog: Duration?
    private let tick = Duration.milliseconds(250)
    private var nextTick: ContinuousClock.Instant
    private var lastWatchdog: ContinuousClock.Instant
    private var lastHealth: ContinuousClock.Instant
    private var lastState: ContinuousClock.Instant
    private var lastSave: ContinuousClock.Instant

    init(watchdog: Duration?, start: ContinuousClock.Instant) {
        self.watchdog = watchdog
        self.start = start
        nextTick = start
        lastWatchdog = start
        lastHealth = start
        lastState = start
        lastSave = start
    }

    /// How long there is nothing to do.
    func untilNext(_ now: ContinuousClock.Instant) -> Duration {
        max(nextTick - now, .zero)
    }

    /// Whether a tick is due.
    mutating func isTick(_ now: ContinuousClock.Instant) -> Bool {
        guard now >= nextTick else { return false }
        nextTick = now + tick
        return true
    }

    mutating func isWatchdog(_ now: ContinuousClock.Instant) -> Bool {
        guard let watchdog else { return false }
        // Half of the interval that systemd recommends, so that a tick that comes late does no harm.
        return Self.isDue(now, every: watchdog / 2, last: &lastWatchdog)
    }

    mutating func isHealth(_ now: ContinuousClock.Instant, every interval: Duration) -> Bool {
        Self.isDue(now, every: interval, last: &lastHealth)
    }

    mutating func isState(_ now: ContinuousClock.Instant, every interval: Duration) -> Bool {
        Self.isDue(now, every: interval, last: &lastState)
    }

    mutating func isSave(_ now: ContinuousClock.Instant, every interval: Duration) -> Bool {
        Self.isDue(now, every: interval, last: &lastSave)
    }

    private static func isDue(
        _ now: ContinuousClock.Instant,
        every interval: Duration,
        last: inout ContinuousClock.Instant
    ) -> Bool {
        guard now - last >= interval else { return false }
        last = now
        return true
    }
}
