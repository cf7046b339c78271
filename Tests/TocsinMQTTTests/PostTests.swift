import CAllocationCounter
import Foundation
import Testing
import TocsinMQTT
import TocsinTestSupport

extension MQTTClient {
    func post(_ topic: MQTTTopic, _ payload: [UInt8]) throws(MQTTPublishRefusal) {
        try post(topic, payload.span)
    }
}

@Suite(.serialized, .enabled(if: Mosquitto.isInstalled, "mosquitto is not installed"))
struct PostTests {
    @Test func `posts arrive in order, from one thread and without an allocation on it`()
        async throws
    {
        let broker = try await Mosquitto(prepare: { _ in ["max_queued_messages 100000"] })
        let (listener, heard) = try client(options(broker.address), ["n"])
        try await heard.wait(for: "subscription") { !$0.subscribed.isEmpty }
        let (client, recorder) = try client(options(broker.address))
        try await recorder.wait(for: "connection") { $0.connects == 1 }
        let topic = try MQTTTopic("n")
        let payloads = (0..<5_000).map { Array("\($0)".utf8) }
        let allocations = try await onOneThread {
            var before = allocation_counter_read()
            // By index, for an iterator allocates without the optimiser.
            var i = 0
            while i < payloads.count {
                // The first ones look up what the language's runtime remembers.
                if i == 10 { before = allocation_counter_read() }
                let payload = payloads[i]
                try client.post(topic, payload.span)
                i += 1
            }
            return allocation_counter_read() - before
        }
        #expect(allocations == 0)
        let record = try await heard.wait(
            for: "messages, and a pause after the last",
            within: .seconds(60)
        ) {
            $0.messages.count == 5_000 && $0.pauses.last == 5_000
        }
        #expect(record.payloads == (0..<5_000).map { "\($0)" })
        #expect(record.messages.allSatisfy { $0.qos == .atMostOnce })
        #expect(record.pauses.count < 2_500, "many messages are one look at the connection")
        #expect(client.stop())
        #expect(client.statistics.sent == 5_000)
        #expect(client.statistics.dropped == 0 && client.statistics.queued == 0)
        listener.stop()
    }

    @Test func `what is posted is on its way before the goodbye`() async throws {
        let broker = try await Mosquitto()
        let (listener, heard) = try client(options(broker.address), ["t"])
        try await heard.wait(for: "subscription") { !$0.subscribed.isEmpty }
        let (client, recorder) = try client(options(broker.address))
        try await recorder.wait(for: "connection") { $0.connects == 1 }
        let topic = try MQTTTopic("t")
        for i in 0..<500 { try client.post(topic, Array("\(i)".utf8)) }
        #expect(client.stop(within: .seconds(30)))
        try await heard.wait(for: "messages") { $0.messages.count == 500 }
        #expect(throws: MQTTPublishRefusal.notConnected) { try client.post(topic, []) }
        listener.stop()
    }

    @Test func `what a broker does not take in time is refused or lost, and counted`()
        async throws
    {
        let broker = try await Mosquitto()
        var options = options(broker.address)
        options.keepAlive = .seconds(10)
        options.queuedMessages = 1_000
        let (client, recorder) = try client(options)
        try await recorder.wait(for: "connection") { $0.connects == 1 }
        broker.pause()
        let topic = try MQTTTopic("t")
        let payload = [UInt8](repeating: 0x78, count: 1_000)
        var posted = 0
        var refused = 0
        // A paused broker's socket takes some megabytes; and a busy machine may refuse a few before
        // the network thread has had a turn, or be so slow that the connection is lost meanwhile.
        var (isFull, isLost) = (false, false)
        while refused < 100, posted < 100_000, !isLost {
            do {
                try client.post(topic, payload.span)
                posted += 1
                if posted % 100 == 0 { try await Task.sleep(for: .milliseconds(1)) }
            } catch {
                let refusal = error as? MQTTPublishRefusal
                (isFull, isLost) = (isFull || refusal == .queueFull, refusal == .notConnected)
                #expect(isLost || refusal == .queueFull)
                refused += 1
                try await Task.sleep(for: .milliseconds(2))
            }
        }
        #expect(isFull && (refused == 100 || isLost))
        try await recorder.wait(for: "loss", within: .seconds(60)) { !$0.failures.isEmpty }
        let statistics = client.statistics
        #expect(statistics.lostPosts > 100)
        #expect(statistics.dropped == statistics.lostPosts + UInt64(refused))
        #expect(statistics.sent + statistics.lostPosts == posted)
        #expect(statistics.queued == 0)
        broker.resume()
        client.stop()
    }

    @Test(arguments: ["", "a/#", "a/+/b", "a\0b", "#"])
    func `a topic with wildcards or nothing in it is none`(text: String) {
        #expect(throws: MQTTPublishRefusal.invalidTopic(text)) { try MQTTTopic(text) }
    }

    /// Runs something on a thread of its own: allocations are counted by thread.
    private func onOneThread<Value: Sendable>(
        _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            Thread { continuation.resume(with: Result { try body() }) }.start()
        }
    }
}
