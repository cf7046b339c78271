import Synchronization
import Testing
import TocsinCore

@testable import TocsinDaemon

/// Clocks that a test moves.
private final class Clocks: Sendable {
    let system = Mutex(Timestamp(microseconds: 1_800_000_000_000_000))
    let boot = Mutex(Timestamp(microseconds: 5_000_000))
    /// What each look at the time of day takes, as if the thread were held up.
    let delay = Mutex(Duration.zero)

    func pass(_ span: Duration) {
        system.withLock { $0 = $0 + span }
        boot.withLock { $0 = $0 + span }
    }

    func clock() -> WallClock {
        WallClock(
            systemTime: {
                self.pass(self.delay.withLock(\.self))
                return self.system.withLock(\.self)
            },
            sinceBoot: { self.boot.withLock(\.self) }
        )
    }
}

struct WallClockTests {
    @Test func `time that passes is no jump, nor is what NTP corrects`() {
        let clocks = Clocks()
        var clock = clocks.clock()
        for _ in 0..<100 {
            clocks.pass(.milliseconds(250))
            // A tenth, which is chrony's fastest.
            clocks.system.withLock { $0 = $0 + .milliseconds(25) }
            let step = clock.follow()
            #expect(step == nil)
            #expect(clock.now() == clocks.system.withLock(\.self))
        }
    }

    @Test(arguments: [-3_600_000, 86_400_000, -1000, 128, -128])
    func `a clock that is set has jumped once, by so much`(milliseconds: Int) {
        let clocks = Clocks()
        var clock = clocks.clock()
        let step = Duration.milliseconds(milliseconds)
        clocks.system.withLock { $0 = $0 + step }
        // Not before it is looked at: until then everybody goes by the old one.
        #expect(clock.now() == clocks.system.withLock(\.self) - step)
        let found = clock.follow()
        let again = clock.follow()
        #expect(found == step)
        #expect(again == nil)
        #expect(clock.now() == clocks.system.withLock(\.self))
    }

    @Test func `a stamp has the time of day of whoever asks for it`() {
        let clocks = Clocks()
        var clock = clocks.clock()
        let stamp = clocks.boot.withLock(\.self)
        let before = clock.time(of: stamp)
        clocks.pass(.seconds(1))
        clocks.system.withLock { $0 = $0 + .seconds(60) }
        #expect(clock.time(of: stamp) == before)
        _ = clock.follow()
        #expect(clock.time(of: stamp) == before + .seconds(60))
        #expect(clock.time(of: WallClock.stamp()) != before)
    }

    @Test func `a thread that is held up while it looks sees no jump`() {
        let clocks = Clocks()
        var clock = clocks.clock()
        clocks.delay.withLock { $0 = .milliseconds(150) }
        let step = clock.follow()
        #expect(step == nil)
        clocks.delay.withLock { $0 = .zero }
        let later = clock.follow()
        #expect(later == nil)
    }
}
