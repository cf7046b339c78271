import Testing
import TocsinMQTT

@testable import TocsinDaemon

/// A watch that tests can ask within an expectation.
private final class Bench {
    private var watch = DroppedWatch()

    var total: Int { watch.total }
    func take(_ text: String, isRetained: Bool = false) -> Bool {
        watch.take(Array(text.utf8).span, isRetained: isRetained)
    }
}

private func isOwn(topic: String) -> Bool { DroppedWatch.isOwn(topic: Array(topic.utf8).span) }

struct DroppedWatchTests {
    @Test func `what was dropped before is no news, what is dropped now is`() {
        let watch = Bench()
        #expect(!watch.take("500", isRetained: true))
        #expect(!watch.take("500"))
        #expect(watch.take("620"))
        #expect(watch.total == 120)
        // While the connection was away.
        #expect(watch.take("700", isRetained: true))
        #expect(watch.total == 200)
    }

    @Test func `a broker that has been started again counts from 0`() {
        let watch = Bench()
        #expect(!watch.take("500", isRetained: true))
        #expect(!watch.take("0", isRetained: true))
        #expect(watch.take("30"))
        #expect(watch.total == 30)
        #expect(watch.take("7", isRetained: true))
        #expect(watch.total == 37)
    }

    @Test func `a first count that was not there before is all news`() {
        let watch = Bench()
        #expect(watch.take("9"))
        #expect(watch.total == 9)
    }

    @Test(arguments: ["", "many", "-5", "1.5", "99999999999999999999", "9223372036854775808"])
    func `what is no count is left alone`(text: String) {
        let watch = Bench()
        #expect(!watch.take(text))
        #expect(watch.take("3") && watch.total == 3)
    }

    @Test func `only its own topic is its own`() {
        #expect(isOwn(topic: DroppedWatch.topic))
        for topic in ["", "$", "sensors/pump-1", "$SYS/broker/publish/messages/droppes"] {
            #expect(!isOwn(topic: topic))
        }
    }
}
