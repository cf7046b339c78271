import Testing

@testable import TocsinDaemon

/// A watch, and a clock that only the test moves.
private final class Bench {
    var watch = DeafWatch()
    var now = ContinuousClock.now
    var messages = 0
    var isUp = true
    var patience: Duration? = .seconds(60)
    var asked = 0

    /// Lets seconds pass, looks after each, and returns after how many of them it wanted a renewal.
    func pass(_ seconds: Int) -> [Int] {
        var renewals: [Int] = []
        for second in 1...seconds {
            now += .seconds(1)
            let mustRenew = watch.mustRenew(messages: messages, isUp: isUp, now: now) {
                asked += 1
                return patience
            }
            if mustRenew { renewals.append(second) }
        }
        return renewals
    }
}

struct DeafWatchTests {
    @Test func `a silence of the whole fleet is a reason to renew once it has lasted`() {
        let bench = Bench()
        bench.messages = 1
        #expect(bench.pass(1) == [])
        #expect(bench.pass(59) == [])
        #expect(bench.pass(1) == [1])
        #expect(bench.asked == 1, "the devices are looked at once per silence")
    }

    @Test func `one message in time is no silence`() {
        let bench = Bench()
        for _ in 0..<100 {
            bench.messages += 1
            #expect(bench.pass(59) == [])
        }
    }

    @Test func `a fleet that is switched off costs fewer and fewer renewals`() {
        let bench = Bench()
        bench.messages = 1
        // A night of twelve hours: 1, 2, 4, … minutes after one another.
        let first = bench.pass(12 * 3600)
        #expect(first.prefix(4) == [61, 181, 421, 901])
        #expect(first.count == 9)
        // The next night there are at most two, the spacing having reached its end, four hours.
        bench.messages += 1
        #expect(bench.pass(12 * 3600).count <= 2)
    }

    @Test func `a renewal that helped makes it as watchful as before`() {
        let bench = Bench()
        bench.messages = 1
        #expect(bench.pass(181) == [61, 181])
        // Something comes soon after the second one.
        bench.messages += 1
        #expect(bench.pass(62) == [61])
    }

    @Test func `a renewal after which it stayed silent for long makes it less watchful`() {
        let bench = Bench()
        bench.messages = 1
        #expect(bench.pass(161) == [61])
        bench.messages += 1
        #expect(bench.pass(122) == [121])
    }

    @Test func `without a connection nothing is deaf, and a new one has its own time`() {
        let bench = Bench()
        bench.messages = 1
        #expect(bench.pass(50) == [])
        bench.isUp = false
        #expect(bench.pass(1000) == [])
        bench.isUp = true
        #expect(bench.pass(60) == [])
        #expect(bench.pass(1) == [1])
    }

    @Test func `of an unknown fleet nothing is expected`() {
        let bench = Bench()
        bench.patience = nil
        #expect(bench.pass(10_000) == [])
    }

    @Test func `the slowest device that was there says how long`() {
        func device(_ behind: Int, _ limit: Int) -> DeafWatch.Expectation {
            DeafWatch.Expectation(behind: .seconds(behind), limit: .seconds(limit))
        }
        #expect(DeafWatch.patience([device(0, 30), device(200, 600)]) == .seconds(1200))
        // One that was silent long before says nothing about this silence.
        #expect(DeafWatch.patience([device(0, 30), device(601, 600)]) == .seconds(60))
        #expect(DeafWatch.patience([device(0, 2)]) == DeafWatch.least)
        #expect(DeafWatch.patience([]) == nil)
        #expect(DeafWatch.patience([device(31, 30)]) == nil)
    }
}
