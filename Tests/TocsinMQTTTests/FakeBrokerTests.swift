import Foundation
import Testing
import TocsinMQTT
import TocsinTestSupport

/// What real brokers seldom do; these tests need none.
@Suite(.serialized)
struct FakeBrokerTests {
    @Test func `a broker that knows only 3.1.1 is spoken to in 3.1.1`() async throws {
        let broker = try FakeBroker { packet in
            guard packet.isConnect else { return [] }
            return [0x20, 2, 0, packet.level == 4 ? 0 : 1]
        }
        let (client, recorder) = try client(options(broker.address))
        let record = try await recorder.wait(for: "connection") { !$0.events.isEmpty }
        #expect(record.events == [.connected(sessionPresent: false, version: .v311)])
        client.renew()
        try await recorder.wait(for: "the next connection") { $0.connects == 2 }
        #expect(broker.levels == [5, 4, 4], "the refusal is remembered")
        client.stop()
    }

    @Test func `a broker that answers version 5 in its own words is understood`() async throws {
        let broker = try FakeBroker { packet in
            guard packet.isConnect else { return [] }
            return packet.level == 4 ? [0x20, 2, 0, 0] : [0x20, 3, 0, 0x84, 0]
        }
        let (client, recorder) = try client(options(broker.address))
        let record = try await recorder.wait(for: "connection") { !$0.events.isEmpty }
        #expect(record.events == [.connected(sessionPresent: false, version: .v311)])
        client.stop()
    }

    @Test func `a broker that hangs up on version 5 is tried with 3.1.1`() async throws {
        let broker = try FakeBroker { packet in
            guard packet.isConnect else { return [] }
            return packet.level == 4 ? [0x20, 2, 0, 0] : nil
        }
        let (client, recorder) = try client(options(broker.address))
        let record = try await recorder.wait(for: "connection") { $0.connects == 1 }
        #expect(record.failures.count == 1, "hanging up could mean anything, so it is reported")
        client.renew()
        try await recorder.wait(for: "the next connection") { $0.connects == 2 }
        #expect(broker.levels == [5, 4, 5, 4], "the guess is not")
        client.stop()
    }

    @Test func `where only version 5 will do, its refusal is reported`() async throws {
        let broker = try FakeBroker { packet in packet.isConnect ? [0x20, 2, 0, 1] : [] }
        var options = options(broker.address)
        options.versions = .only(.v5)
        let (client, recorder) = try client(options)
        let record = try await recorder.wait(for: "refusals") { $0.failures.count >= 2 }
        #expect(record.connects == 0)
        #expect(Set(broker.levels) == [5])
        client.stop()
    }

    @Test func `what the broker says at parting is passed on`() async throws {
        let broker = try FakeBroker { packet in
            if packet.isConnect { return [0x20, 3, 0, 0, 0] }
            return packet.isSubscribe ? [0xE0, 2, 0x8E, 0] : []
        }
        let (client, recorder) = try client(options(broker.address), ["t"])
        let record = try await recorder.wait(for: "loss") { !$0.failures.isEmpty }
        #expect(record.failures[0].description == "DISCONNECT: Session taken over")
        #expect(record.failures[0].reason == 0x8E)
        client.stop()
    }

    @Test func `a filter that is not granted is reported beside the others`() async throws {
        let broker = try FakeBroker { packet in
            if packet.isConnect { return [0x20, 3, 0, 0, 0] }
            guard packet.isSubscribe else { return [] }
            let isSecret = packet.body.contains(UInt8(ascii: "s"))
            return [0x90, 4, packet.body[0], packet.body[1], 0, isSecret ? 0x87 : 1]
        }
        let (client, recorder) = try client(options(broker.address), ["open", "secret"])
        let record = try await recorder.wait(for: "answers") { !$0.subscribed.isEmpty }
        guard case .filterRefused("secret", let error) = record.events[1] else {
            Issue.record("not refused: \(record)")
            return
        }
        #expect(error.description == "SUBACK: Not authorized")
        #expect(record.subscribed == [["open"]])
        client.stop()
    }

    @Test func `a filter that cannot be is reported and leaves the connection alone`() async throws
    {
        let broker = try FakeBroker { packet in
            if packet.isConnect { return [0x20, 3, 0, 0, 0] }
            guard packet.isSubscribe else { return [] }
            return [0x90, 4, packet.body[0], packet.body[1], 0, 1]
        }
        let (client, recorder) = try client(options(broker.address), ["a/#/b", "ok"])
        let record = try await recorder.wait(for: "answers") { !$0.subscribed.isEmpty }
        #expect(record.subscribed == [["ok"]])
        guard case .filterRefused("a/#/b", _) = record.events[1] else {
            Issue.record("not refused: \(record)")
            return
        }
        client.stop()
    }

    @Test func `the outgoing queue is bounded in messages and in bytes`() async throws {
        let broker = try FakeBroker { packet in packet.isConnect ? [0x20, 3, 0, 0, 0] : [] }
        var options = options(broker.address)
        options.queuedMessages = 100
        options.queuedBytes = 10_000
        let (client, recorder) = try client(options)
        try await recorder.wait(for: "connection") { $0.connects == 1 }
        // Acknowledged by nobody: some in flight, some waiting, all counted.
        for _ in 0..<100 { _ = try client.publish(topic: "t", payload: [1]) }
        #expect(throws: MQTTPublishRefusal.queueFull) {
            try client.publish(topic: "t", payload: [1])
        }
        #expect(client.statistics.queued == 100)
        #expect(client.statistics.queuedBytes == 200)
        #expect(client.statistics.dropped == 1)
        client.stop(within: .milliseconds(50))
        #expect(client.statistics.dropped == 101)

        options.queuedMessages = 1_000
        let (second, told) = try TocsinMQTTTests.client(options)
        try await told.wait(for: "connection") { $0.connects == 1 }
        for _ in 0..<3 {
            _ = try second.publish(topic: "t", payload: Array(repeating: 0, count: 3_000))
        }
        #expect(throws: MQTTPublishRefusal.queueFull) {
            try second.publish(topic: "t", payload: Array(repeating: 0, count: 3_000))
        }
        #expect(second.statistics.queuedBytes == 9_003)
        second.stop(within: .milliseconds(50))
    }

    @Test func `a message that waited too long is not published`() async throws {
        let port = try freePort()
        let (client, recorder) = try client(options(.tcp(host: "127.0.0.1", port: port)))
        let late = try client.publish(topic: "t", payload: [1], expiry: .milliseconds(1))
        let fine = try client.publish(topic: "t", payload: [2], expiry: .seconds(600))
        try await recorder.wait(for: "failure") { !$0.failures.isEmpty }
        client.stop()
        #expect(client.statistics.queued == 2)
        #expect(client.statistics.dropped == 2)
        #expect(late != fine)
    }

    @Test(arguments: ["", "a/+/b", "a/#", "a\0b", String(repeating: "x", count: 70_000)])
    func `nothing is published to an impossible topic`(topic: String) throws {
        let recorder = Recorder()
        let client = try MQTTClient(
            options(.tcp(host: "127.0.0.1", port: 1)),
            handlers: recorder.handlers
        )
        #expect(throws: MQTTPublishRefusal.invalidTopic(topic)) {
            try client.publish(topic: topic, payload: [])
        }
        #expect(client.statistics.dropped == 1)
    }

    @Test func `stopping does not wait for a connect that hangs`() async throws {
        // A backlog that is full swallows further attempts without an answer.
        let (listener, port) = try listeningSocket(backlog: 0)
        let fillers = (0..<3).map { _ in connectedSocket(port: port, blocking: false) }
        defer { for descriptor in fillers + [listener] { close(descriptor) } }
        let (client, recorder) = try client(options(.tcp(host: "127.0.0.1", port: port)))
        while client.statistics.activity != .connecting { await Task.yield() }
        let begin = ContinuousClock.now
        #expect(!client.stop(within: .milliseconds(300)))
        #expect(begin.duration(to: .now) < .seconds(5))
        #expect(recorder.record.events.isEmpty)
    }

    @Test func `a connect that hangs is given up and tried again, without haste`() async throws {
        let (listener, port) = try listeningSocket(backlog: 0)
        let fillers = (0..<3).map { _ in connectedSocket(port: port, blocking: false) }
        defer { for descriptor in fillers + [listener] { close(descriptor) } }
        var options = options(.tcp(host: "127.0.0.1", port: port))
        options.connectTimeout = .milliseconds(300)
        let (client, recorder) = try client(options)
        let record = try await recorder.wait(for: "three failures") { $0.failures.count == 3 }
        #expect(
            Set(record.failures.map(\.description)) == [
                "mosquitto_connect_bind_v5: There was no answer in time."
            ]
        )
        #expect(record.times[0].duration(to: record.times[2]) >= .milliseconds(600))
        #expect(record.threadTime < .milliseconds(100))
        // What was in vain counts as waiting: with these pauses hardly anything is left of them.
        for event in record.events {
            guard case .disconnected(_, let pause) = event else { continue }
            #expect(pause <= .milliseconds(100))
        }
        client.stop()
    }

    @Test func `progress is shown while there is nothing to do`() async throws {
        let broker = try FakeBroker { packet in packet.isConnect ? [0x20, 3, 0, 0, 0] : [] }
        let (client, recorder) = try client(options(broker.address))
        try await recorder.wait(for: "connection") { $0.connects == 1 }
        let before = client.statistics.progress
        try await Task.sleep(for: .milliseconds(2_500))
        let rounds = client.statistics.progress - before
        #expect((1...20).contains(rounds))
        client.stop()
    }

    @Test func `options that can never work are an error at once`() {
        var short = options(.tcp(host: "127.0.0.1", port: 1883))
        short.keepAlive = .seconds(2)
        var session = options(.tcp(host: "127.0.0.1", port: 1883))
        session.sessionExpiry = .seconds(60)
        for options in [
            short, session, options(.tcp(host: "", port: 1883)),
            options(.tcp(host: "127.0.0.1", port: 70_000)), options(.unix(path: "relative")),
        ] {
            #expect(throws: MQTTError.self) {
                try MQTTClient(options, handlers: Recorder().handlers)
            }
        }
    }

    @Test func `a client that was never started stops at once`() throws {
        let client = try MQTTClient(
            options(.tcp(host: "127.0.0.1", port: 1)),
            handlers: Recorder().handlers
        )
        #expect(client.stop())
    }
}

extension FakeBroker {
    var address: MQTTClient.Options.Address { .tcp(host: "127.0.0.1", port: port) }
}
