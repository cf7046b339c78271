import Testing
import TocsinMQTT

@testable import TocsinDaemon

/// A watch that tests can ask within an expectation.
private final class Bench {
    private var watch = DroppedWatch()

    var total: Int { watch.total }
    var subscriptions: [MQTTSubscription] { watch.subscriptions }

    func isOwn(_ event: MQTTEvent) -> Bool { watch.isOwn(event) }

    func settle(_ event: MQTTEvent) -> Bool { watch.settle(event) }

    func take(_ text: String, isRetained: Bool = false) -> Bool {
        watch.take(Array(text.utf8).span, isRetained: isRetained)
    }
}

private func isOwn(topic: String) -> Bool { DroppedWatch.isOwn(topic: Array(topic.utf8).span) }

struct DroppedWatchTests {
    private let refusal = MQTTEvent.filterRefused(DroppedWatch.topic, anError())
    private let loss = MQTTEvent.disconnected(anError(), retryIn: .zero)
    private let granted = MQTTEvent.subscribed([DroppedWatch.topic, "sensors/+"])

    /// An error such as a client makes.
    private static func anError() -> MQTTError {
        do {
            var options = MQTTClient.Options(address: .tcp(host: "", port: 0))
            options.keepAlive = .seconds(1)
            _ = try MQTTClient(
                options,
                handlers: MQTTClient.Handlers(message: { _, _, _ in }, event: { _ in })
            )
            preconditionFailure("such options cannot be")
        } catch {
            return error
        }
    }

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

    @Test func `it is asked for on its own, after the streams`() {
        let watch = Bench()
        #expect(watch.subscriptions.isEmpty)
        #expect(!watch.isOwn(.subscribed(["sensors/+"])))
        #expect(watch.settle(.subscribed(["sensors/+"])))
        #expect(watch.subscriptions.map(\.filter) == [DroppedWatch.topic])
        #expect(watch.isOwn(granted), "not a second reason to say that the streams are granted")
        #expect(!watch.settle(granted))
        // From now on it is one of all, on every connection.
        #expect(!watch.settle(loss))
        #expect(watch.subscriptions.count == 1)
        #expect(!watch.isOwn(granted))
        #expect(!watch.settle(granted))
    }

    @Test func `where no stream is granted it is not asked for`() {
        let watch = Bench()
        #expect(!watch.settle(.subscribed([])))
        #expect(watch.subscriptions.isEmpty)
    }

    @Test func `a broker that refuses it is left in peace`() {
        let watch = Bench()
        #expect(watch.settle(.subscribed(["a"])))
        #expect(watch.isOwn(refusal))
        #expect(!watch.settle(refusal))
        #expect(
            watch.isOwn(.subscribed(["a"])),
            "the answer to the question, of which nobody knows"
        )
        #expect(!watch.settle(.subscribed(["a"])))
        // Withdrawn when there is nobody to tell.
        #expect(watch.subscriptions.count == 1)
        #expect(watch.settle(loss))
        #expect(watch.subscriptions.isEmpty)
        #expect(!watch.isOwn(.subscribed(["a"])))
        #expect(!watch.settle(.subscribed(["a"])))
        #expect(watch.subscriptions.isEmpty)
    }

    @Test func `a broker that changes its mind is left in peace, and its streams are read`() {
        let watch = Bench()
        #expect(watch.settle(.subscribed(["a"])))
        #expect(!watch.settle(granted))
        #expect(!watch.settle(loss))
        #expect(watch.isOwn(refusal))
        #expect(!watch.settle(refusal))
        #expect(!watch.isOwn(.subscribed(["a"])), "the answer about the streams")
        #expect(!watch.settle(.subscribed(["a"])))
        #expect(watch.settle(loss))
        #expect(watch.subscriptions.isEmpty)
    }

    @Test func `a broker that hangs up on the question is asked once more, and then no more`() {
        let watch = Bench()
        for _ in 0..<2 {
            #expect(watch.settle(.subscribed(["a"])))
            #expect(watch.subscriptions.count == 1)
            #expect(watch.settle(loss))
            #expect(watch.subscriptions.isEmpty)
        }
        #expect(!watch.settle(.subscribed(["a"])))
        #expect(watch.subscriptions.isEmpty)
    }

    @Test func `only its own topic is its own`() {
        #expect(isOwn(topic: DroppedWatch.topic))
        for topic in ["", "$", "sensors/pump-1", "$SYS/broker/publish/messages/droppes"] {
            #expect(!isOwn(topic: topic))
        }
    }
}
