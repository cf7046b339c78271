import Testing
import TocsinMQTT

@testable import TocsinDaemon

/// A watch that tests can ask within an expectation.
private final class Bench {
    private var watch: EchoWatch
    let start = ContinuousClock.now

    init(isPossible: Bool = true) { watch = EchoWatch(prefix: "bell", isPossible: isPossible) }

    var filters: [String] { watch.subscriptions.map(\.filter) }

    func settle(_ event: MQTTEvent, isAnswered: Bool = true) -> EchoWatch.Step? {
        watch.settle(event, isAnswered: isAnswered, now: start)
    }

    func isOwn(_ event: MQTTEvent) -> Bool { watch.isOwn(event) }

    func isSaid(by token: MQTTToken) { watch.token = token }

    func tick(after time: Duration) -> EchoWatch.Step? { watch.tick(start + time) }
}

private func says(_ step: EchoWatch.Step?) -> Bool { if case .say = step { true } else { false } }

struct EchoWatchTests {
    private let connected = MQTTEvent.connected(sessionPresent: true, version: .v5)

    @Test func `a word is said once on a connection, when all is subscribed`() {
        let watch = Bench()
        #expect(watch.filters == ["bell/alerts", "bell/echo"])
        #expect(watch.settle(connected) == nil)
        #expect(watch.settle(.subscribed(["sensors/+"]), isAnswered: false) == nil)
        #expect(says(watch.settle(.subscribed(["bell/alerts", "bell/echo", "sensors/+"]))))
        #expect(watch.settle(.subscribed(["bell/alerts", "bell/echo", "plant/+"])) == nil)
        #expect(watch.settle(connected) == nil)
        #expect(says(watch.settle(.subscribed(["bell/alerts", "bell/echo"]))))
    }

    @Test func `a word that never comes back is not waited for longer than five seconds`() {
        let watch = Bench()
        #expect(watch.tick(after: .seconds(60)) == nil)
        #expect(watch.settle(connected) == nil)
        #expect(says(watch.settle(.subscribed(["bell/alerts", "bell/echo"]))))
        #expect(watch.tick(after: .seconds(4.9)) == nil)
        #expect(watch.tick(after: .seconds(5)) == .release)
        #expect(watch.tick(after: .seconds(6)) == nil)
    }

    @Test func `a broker that answers no question is not waited for`() {
        let watch = Bench()
        #expect(watch.settle(connected) == nil)
        #expect(watch.settle(.subscribed([]), isAnswered: false) == nil)
        #expect(watch.tick(after: .seconds(5)) == .release)
    }

    @Test func `where one filter is refused, alerts in doubt are sent at once`() {
        let watch = Bench()
        #expect(watch.settle(connected) == nil)
        #expect(watch.settle(.subscribed(["bell/alerts", "sensors/+"])) == .release)
        #expect(watch.tick(after: .seconds(5)) == nil)
    }

    @Test func `a word that the broker does not take is no alert that it does not take`() throws {
        let options = MQTTClient.Options(address: .tcp(host: "127.0.0.1", port: 1))
        let client = try MQTTClient(
            options,
            handlers: .init(message: { _, _, _ in }, event: { _ in })
        )
        let word = try client.publish(topic: "bell/echo", payload: [])
        let other = try client.publish(topic: "bell/status", payload: [])
        let watch = Bench()
        #expect(watch.settle(connected) == nil)
        #expect(says(watch.settle(.subscribed(["bell/alerts", "bell/echo"]))))
        watch.isSaid(by: word)
        let refusal = MQTTPublishFailure.refused(try anError())
        #expect(!watch.isOwn(.publishFailed(other, refusal)))
        #expect(watch.settle(.publishFailed(other, refusal)) == nil)
        #expect(watch.isOwn(.publishFailed(word, refusal)))
        #expect(watch.settle(.publishFailed(word, refusal)) == .release)
        #expect(watch.tick(after: .seconds(5)) == nil)
    }

    /// An error such as a client makes.
    private func anError() throws -> MQTTError {
        try #require(throws: MQTTError.self) {
            var options = MQTTClient.Options(address: .tcp(host: "", port: 0))
            options.keepAlive = .seconds(1)
            _ = try MQTTClient(
                options,
                handlers: MQTTClient.Handlers(message: { _, _, _ in }, event: { _ in })
            )
        }
    }

    @Test func `without a session nothing is asked for and nothing waited for`() {
        let watch = Bench(isPossible: false)
        #expect(watch.filters.isEmpty)
        #expect(watch.settle(connected) == nil)
        #expect(watch.settle(.subscribed(["sensors/+"]), isAnswered: false) == .release)
    }

    @Test func `after the end of a connection the next one counts`() throws {
        let watch = Bench()
        #expect(watch.settle(connected) == nil)
        let error = try anError()
        #expect(watch.settle(.disconnected(error, retryIn: .zero)) == nil)
        #expect(watch.tick(after: .seconds(60)) == nil)
    }
}
