import Testing
import TocsinMQTT

@testable import TocsinDaemon

/// Subscriptions that tests can ask within an expectation.
private final class Bench {
    private var side: SideSubscriptions

    init(_ filters: [String] = ["side"]) {
        side = SideSubscriptions(filters.map { MQTTSubscription($0) })
    }

    var filters: [String] { side.subscriptions.map(\.filter) }
    var isAnswered: Bool { side.isAnswered }
    var subscriptions: [MQTTSubscription] { side.subscriptions }

    func isOwn(_ event: MQTTEvent) -> Bool { side.isOwn(event) }

    func settle(_ event: MQTTEvent) -> Bool { side.settle(event) }
}

struct SideSubscriptionsTests {
    private let topic = "side"
    private let refusal = MQTTEvent.filterRefused("side", anError())
    private let loss = MQTTEvent.disconnected(anError(), retryIn: .zero)
    private let granted = MQTTEvent.subscribed(["side", "sensors/+"])

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

    @Test func `it is asked for on its own, after the streams`() {
        let watch = Bench()
        #expect(watch.subscriptions.isEmpty)
        #expect(!watch.isOwn(.subscribed(["sensors/+"])))
        #expect(watch.settle(.subscribed(["sensors/+"])))
        #expect(watch.subscriptions.map(\.filter) == [topic])
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

    @Test func `of several the one that is refused is left out, and the others stay`() {
        let watch = Bench(["a", "b", "c"])
        #expect(!watch.isAnswered)
        #expect(watch.settle(.subscribed(["stream"])))
        #expect(watch.filters == ["a", "b", "c"] && !watch.isAnswered)
        #expect(!watch.settle(.filterRefused("b", Self.anError())))
        #expect(watch.isOwn(.subscribed(["a", "c", "stream"])))
        #expect(!watch.settle(.subscribed(["a", "c", "stream"])))
        #expect(watch.isAnswered && watch.filters == ["a", "b", "c"])
        #expect(watch.settle(loss))
        #expect(watch.filters == ["a", "c"] && watch.isAnswered)
        // Another stream's refusal is the operator's to know.
        #expect(!watch.isOwn(.filterRefused("stream", Self.anError())))
    }

    @Test func `none are answered from the beginning`() {
        let watch = Bench([])
        #expect(watch.isAnswered)
        #expect(!watch.settle(.subscribed(["stream"])) && watch.filters.isEmpty)
    }
}
