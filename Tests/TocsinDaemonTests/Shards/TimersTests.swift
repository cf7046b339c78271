import Testing

@testable import TocsinDaemon

struct TimersTests {
    private let start = ContinuousClock.now

    @Test func `a tick is due four times a second, and late ones do not pile up`() {
        var timers = Timers(watchdog: nil, start: start)
        var due: [Int] = []
        for milliseconds in [0, 249, 250, 60_000, 60_001, 60_249, 60_250] {
            if timers.isTick(start + .milliseconds(milliseconds)) { due.append(milliseconds) }
        }
        #expect(due == [0, 250, 60_000, 60_250])
        #expect(timers.untilNext(start + .milliseconds(60_400)) == .milliseconds(100))
        #expect(timers.untilNext(start + .seconds(99)) == .zero)
    }

    @Test func `the watchdog is due well within its interval, or never`() {
        var timers = Timers(watchdog: .seconds(10), start: start)
        var pings = 0
        for second in 1...60 where timers.isWatchdog(start + .seconds(second)) { pings += 1 }
        #expect(pings == 12)
        var without = Timers(watchdog: nil, start: start)
        let isDue = without.isWatchdog(start + .seconds(1_000))
        #expect(!isDue)
    }

    @Test func `each thing is due at its own interval`() {
        var timers = Timers(watchdog: nil, start: start)
        var health = 0
        var state = 0
        var save = 0
        for second in 1...600 {
            let now = start + .seconds(second)
            if timers.isHealth(now, every: .seconds(60)) { health += 1 }
            if timers.isState(now, every: .seconds(300)) { state += 1 }
            if timers.isSave(now, every: .seconds(7)) { save += 1 }
        }
        #expect([health, state, save] == [10, 2, 85])
    }
}
