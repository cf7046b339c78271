import Foundation
import Testing
import TocsinMQTT
import TocsinTestSupport

extension Mosquitto {
    var address: MQTTClient.Options.Address { .tcp(host: "127.0.0.1", port: port) }
}

/// Options for a test: short pauses.
func options(_ address: MQTTClient.Options.Address, id: String = "") -> MQTTClient.Options {
    var options = MQTTClient.Options(address: address, clientID: id)
    options.backOff.first = .milliseconds(100)
    options.backOff.cap = .milliseconds(400)
    options.backOff.settled = .milliseconds(500)
    return options
}

/// A started client, and what it told.
func client(
    _ options: MQTTClient.Options,
    _ subscriptions: [MQTTSubscription] = []
) throws -> (MQTTClient, Recorder) {
    let recorder = Recorder()
    let client = try MQTTClient(options, handlers: recorder.handlers)
    client.setSubscriptions(subscriptions)
    try client.start()
    return (client, recorder)
}

@Suite(.serialized, .enabled(if: Mosquitto.isInstalled, "mosquitto is not installed"))
struct MQTTClientTests {
    @Test(arguments: [MQTTVersion.v311, .v5])
    func `a published message reaches a subscriber unchanged, on the network thread`(
        version: MQTTVersion
    ) async throws {
        let broker = try await Mosquitto()
        var options = options(broker.address)
        options.versions = .only(version)
        let (client, recorder) = try client(options, ["a/+/c"])
        try await recorder.wait(for: "subscription") { $0.subscribed == [["a/+/c"]] }

        let payload = Array(0...255) + [UInt8](repeating: 0, count: 70_000)
        let first = try client.publish(topic: "a/ü/c", payload: payload)
        try client.post(MQTTTopic("a/ö/c"), payload)
        try client.post(MQTTTopic("a/b/c"), [])

        let record = try await recorder.wait(for: "messages") {
            $0.messages.count == 3 && $0.published.count == 1
        }
        #expect(
            record.messages.first { $0.qos == .atLeastOnce }
                == Recorder.Message(topic: "a/ü/c", payload: payload)
        )
        #expect(
            record.messages.filter { $0.qos == .atMostOnce } == [
                Recorder.Message(topic: "a/ö/c", payload: payload, qos: .atMostOnce),
                Recorder.Message(topic: "a/b/c", payload: [], qos: .atMostOnce),
            ]
        )
        #expect(record.published == [first])
        #expect(record.events.first == .connected(sessionPresent: false, version: version))
        #expect(client.stop())
        let statistics = client.statistics
        #expect(statistics.activity == .stopped)
        #expect(statistics.received == 3 && statistics.sent == 3 && statistics.dropped == 0)
        #expect(statistics.receivedBytes == 2 * 70_256)
        #expect(statistics.queued == 0 && statistics.queuedBytes == 0)
    }

    @Test func `a retained message says so, and only when it is old`() async throws {
        let broker = try await Mosquitto()
        let (client, recorder) = try client(options(broker.address))
        _ = try client.publish(topic: "t", payload: Array("old".utf8), isRetained: true)
        try await recorder.wait(for: "acknowledgement") { $0.published.count == 1 }
        client.setSubscriptions(["t"])
        try await recorder.wait(for: "the retained message") { $0.messages.count == 1 }
        _ = try client.publish(topic: "t", payload: Array("new".utf8), isRetained: true)
        let record = try await recorder.wait(for: "the new message") { $0.messages.count == 2 }
        #expect(record.payloads == ["old", "new"])
        #expect(record.messages.map(\.isRetained) == [true, false])
        client.stop()
    }

    @Test func `retained messages are not sent where they are not wanted`() async throws {
        let broker = try await Mosquitto()
        let (client, recorder) = try client(options(broker.address))
        _ = try client.publish(topic: "t", payload: Array("old".utf8), isRetained: true)
        try await recorder.wait(for: "acknowledgement") { $0.published.count == 1 }
        client.setSubscriptions([MQTTSubscription("t", retainHandling: .never)])
        try await recorder.wait(for: "subscription") { $0.subscribed == [["t"]] }
        _ = try client.publish(topic: "t", payload: Array("new".utf8))
        let record = try await recorder.wait(for: "the new message") { !$0.messages.isEmpty }
        #expect(record.payloads == ["new"])
        client.stop()
    }

    @Test func `many messages arrive once each and in order`() async throws {
        let broker = try await Mosquitto()
        let (client, recorder) = try client(options(broker.address), ["n"])
        try await recorder.wait(for: "subscription") { !$0.subscribed.isEmpty }
        for i in 0..<3_000 { _ = try client.publish(topic: "n", payload: Array("\(i)".utf8)) }
        let record = try await recorder.wait(for: "messages", within: .seconds(60)) {
            $0.messages.count == 3_000 && $0.published.count == 3_000
        }
        #expect(record.payloads == (0..<3_000).map { "\($0)" })
        client.stop()
    }

    @Test func `a broker that is absent at first is found when it appears`() async throws {
        let broker = try await Mosquitto(isStarted: false)
        let (client, recorder) = try client(options(broker.address), ["t"])
        let record = try await recorder.wait(for: "three failures") { $0.failures.count >= 3 }
        #expect(record.failures.allSatisfy { $0.call == "mosquitto_connect_bind_v5" })
        #expect(record.failures.first?.description.contains("Connection refused") == true)
        try await broker.start()
        try await recorder.wait(for: "subscription") { $0.subscribed == [["t"]] }
        client.stop()
    }

    @Test func `after a killed broker returns, everything is as before`() async throws {
        let broker = try await Mosquitto()
        let (client, recorder) = try client(options(broker.address), ["t/#"])
        try await recorder.wait(for: "subscription") { $0.subscribed.count == 1 }
        let (subscriber, heard) = try TocsinMQTTTests.client(options(broker.address), ["t/#"])
        try await heard.wait(for: "subscription") { $0.subscribed.count == 1 }

        broker.stop()
        try await recorder.wait(for: "loss") { !$0.failures.isEmpty }
        let tokens = try (0..<50).map {
            try client.publish(topic: "t/1", payload: Array("\($0)".utf8))
        }
        #expect(throws: MQTTPublishRefusal.notConnected) {
            try client.post(MQTTTopic("t/1"), [])
        }
        // The others must be back before the messages are, or the broker has nobody to give them to.
        client.renew()
        try await broker.start()
        try await heard.wait(for: "subscription") { $0.subscribed.count == 2 }
        let record = try await recorder.wait(for: "acknowledgements") {
            $0.subscribed.count == 2 && $0.published.count == 50
        }
        #expect(record.published == tokens)
        _ = try client.publish(topic: "t/end", payload: Array("end".utf8))
        let own = try await recorder.wait(for: "the last message") { $0.payloads.last == "end" }
        // Messages are sent before the new subscription, so this client need not have heard its own;
        // what it heard, it heard once.
        #expect(Set(own.payloads).count == own.payloads.count)
        client.stop()
        subscriber.stop()
    }

    @Test func `what is published meanwhile arrives exactly once after the return`() async throws {
        let broker = try await Mosquitto(prepare: { directory in
            ["persistence true", "persistence_location \(directory.path)/"]
        })
        var listening = options(broker.address, id: "listener")
        listening.sessionExpiry = .seconds(600)
        let (listener, heard) = try client(listening, ["t"])
        try await heard.wait(for: "subscription") { !$0.subscribed.isEmpty }
        let (client, recorder) = try client(options(broker.address))
        try await recorder.wait(for: "connection") { $0.connects == 1 }
        // mosquitto writes its sessions down only when it ends, or when told.
        try await broker.saveSessions()
        broker.stop()
        try await recorder.wait(for: "loss") { !$0.failures.isEmpty }
        for i in 0..<100 { _ = try client.publish(topic: "t", payload: Array("\(i)".utf8)) }
        try await broker.start()
        try await recorder.wait(for: "acknowledgements") { $0.published.count == 100 }
        _ = try client.publish(topic: "t", payload: Array("end".utf8))
        let record = try await heard.wait(for: "the last message") { $0.payloads.last == "end" }
        #expect(record.payloads == (0..<100).map { "\($0)" } + ["end"])
        client.stop()
        listener.stop()
    }

    @Test func `a broker that keeps falling over gets every message, in order`() async throws {
        let broker = try await Mosquitto()
        let (client, recorder) = try client(options(broker.address, id: "steady"))
        var tokens: [MQTTToken] = []
        for round in 1...5 {
            try await recorder.wait(for: "connection") { $0.connects >= round }
            for i in 0..<200 {
                tokens.append(try client.publish(topic: "t", payload: Array("\(round) \(i)".utf8)))
            }
            // Somewhere among the acknowledgements.
            let some = tokens.count - 150
            try await recorder.wait(for: "some") { $0.published.count >= some }
            broker.stop()
            try await recorder.wait(for: "loss") { $0.failures.count >= round }
            try await broker.start()
        }
        let expected = tokens
        let record = try await recorder.wait(for: "the rest") {
            $0.published.count >= expected.count
        }
        #expect(record.published == expected)
        #expect(client.statistics.queued == 0 && client.statistics.dropped == 0)
        client.stop()
    }

    @Test func `a wrong password is reported and tried again, without haste`() async throws {
        let broker = try await Mosquitto(allowsAnonymous: false, prepare: passwordFile)
        for version in [MQTTVersion.v311, .v5] {
            var options = options(broker.address)
            options.versions = .only(version)
            options.username = "ada"
            options.password = "wrong"
            let (client, recorder) = try client(options)
            let record = try await recorder.wait(for: "five refusals") { $0.failures.count >= 5 }
            #expect(Set(record.failures.map(\.call)) == ["CONNACK"])
            #expect(record.failures.first?.reason == (version == .v5 ? 0x87 : 5))
            #expect(
                record.failures.first?.description
                    == (version == .v5
                        ? "CONNACK: Not authorized"
                        : "CONNACK: Connection Refused: not authorised.")
            )
            // Five rounds of connecting cost a few milliseconds; a busy loop would cost all there is.
            let elapsed = record.times[0].duration(to: record.times[4])
            #expect(elapsed >= .milliseconds(40))
            #expect(record.threadTime < .milliseconds(300))
            #expect(client.stop())
            #expect(client.statistics.connects == 0)
        }
    }

    @Test func `the right password opens the door`() async throws {
        let broker = try await Mosquitto(allowsAnonymous: false, prepare: passwordFile)
        var options = options(broker.address)
        options.username = "ada"
        options.password = "lovelace"
        let (client, recorder) = try client(options)
        try await recorder.wait(for: "connection") { $0.connects == 1 }
        client.stop()
    }

    @Test func `the will appears when the connection breaks, but not after a goodbye`() async throws
    {
        let broker = try await Mosquitto()
        let (listener, heard) = try client(options(broker.address), ["status"])
        try await heard.wait(for: "subscription") { !$0.subscribed.isEmpty }
        var options = options(broker.address, id: "mortal")
        options.will = .init(topic: "status", payload: Array("gone".utf8))
        let (client, recorder) = try client(options)
        try await recorder.wait(for: "connection") { $0.connects == 1 }

        client.renew()
        try await heard.wait(for: "the will") { $0.payloads == ["gone"] }
        try await recorder.wait(for: "the next connection") { $0.connects == 2 }
        _ = try client.publish(topic: "status", payload: Array("bye".utf8))
        #expect(client.stop())
        let (witness, seen) = try TocsinMQTTTests.client(TocsinMQTTTests.options(broker.address))
        try await seen.wait(for: "connection") { $0.connects == 1 }
        _ = try witness.publish(topic: "status", payload: Array("end".utf8))
        let record = try await heard.wait(for: "the end") { $0.payloads.last == "end" }
        #expect(record.payloads == ["gone", "bye", "end"])
        witness.stop()
        listener.stop()
    }

    @Test func `a broker on a local socket is reached by its path`() async throws {
        let directory = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = directory.appendingPathComponent("mqtt.sock").path
        let broker = try await Mosquitto(prepare: { _ in ["listener 0 \(path)"] })
        let (client, recorder) = try client(options(.unix(path: path)), ["t"])
        try await recorder.wait(for: "subscription") { !$0.subscribed.isEmpty }
        _ = try client.publish(topic: "t", payload: [1])
        try await recorder.wait(for: "message") { $0.messages.count == 1 }
        client.stop()
        broker.stop()
    }

    @Test(arguments: [MQTTVersion.v311, .v5])
    func `a session keeps what was sent while its client was away`(version: MQTTVersion)
        async throws
    {
        let broker = try await Mosquitto()
        var sleepy = options(broker.address, id: "sleepy")
        sleepy.sessionExpiry = .seconds(600)
        sleepy.versions = .only(version)
        let (first, before) = try client(sleepy, ["t"])
        try await before.wait(for: "subscription") { !$0.subscribed.isEmpty }
        #expect(first.stop())

        let (client, recorder) = try client(options(broker.address))
        for i in 0..<10 { _ = try client.publish(topic: "t", payload: Array("\(i)".utf8)) }
        try await recorder.wait(for: "acknowledgements") { $0.published.count == 10 }
        let (second, after) = try TocsinMQTTTests.client(sleepy, ["t"])
        let record = try await after.wait(for: "messages") { $0.messages.count == 10 }
        #expect(record.events.first == .connected(sessionPresent: true, version: version))
        #expect(record.payloads == (0..<10).map { "\($0)" })

        // The session must also outlive a reconnect, for which libmosquitto would forget its expiry.
        second.renew()
        let renewed = try await after.wait(for: "the next connection") { $0.connects == 2 }
        #expect(renewed.events.contains(.connected(sessionPresent: true, version: version)))
        #expect(second.stop())
        let (third, again) = try TocsinMQTTTests.client(sleepy)
        let last = try await again.wait(for: "connection") { $0.connects == 1 }
        #expect(last.events.first == .connected(sessionPresent: true, version: version))
        third.stop()
        client.stop()
    }

    @Test func `changed subscriptions are changed at the broker`() async throws {
        let broker = try await Mosquitto()
        let (client, recorder) = try client(options(broker.address, id: "differ"), ["a", "b"])
        try await recorder.wait(for: "subscription") { $0.subscribed == [["a", "b"]] }
        client.setSubscriptions(["b", "c"])
        try await recorder.wait(for: "change") { $0.subscribed.last == ["b", "c"] }
        for topic in ["a", "b", "c"] {
            _ = try client.publish(topic: topic, payload: Array(topic.utf8))
        }
        _ = try client.publish(topic: "c", payload: Array("end".utf8))
        let record = try await recorder.wait(for: "messages") { $0.payloads.last == "end" }
        #expect(record.payloads == ["b", "c", "end"])
        let asked = broker.log.components(separatedBy: "\n").filter {
            $0.contains("Received SUBSCRIBE")
        }
        #expect(asked.count == 3, "b was asked for once")
        client.setSubscriptions([])
        try await recorder.wait(for: "nothing") { $0.subscribed.last == [] }
        client.stop()
    }

    @Test func `a message that may not be published is reported`() async throws {
        let broker = try await Mosquitto(prepare: { directory in
            let file = directory.appendingPathComponent("acl")
            try "topic read #\n".write(to: file, atomically: true, encoding: .utf8)
            return ["acl_file \(file.path)"]
        })
        let (client, recorder) = try client(options(broker.address))
        let token = try client.publish(topic: "t", payload: [1])
        let record = try await recorder.wait(for: "refusal") { $0.events.count == 2 }
        guard case .publishFailed(token, .refused(let error)) = record.events[1] else {
            Issue.record("not refused: \(record)")
            return
        }
        #expect(error.description == "PUBACK: Not authorized")
        #expect(error.reason == 0x87)
        client.stop()
        #expect(client.statistics.dropped == 1)
    }

    @Test func `a message larger than the broker takes is reported, and holds up no other`()
        async throws
    {
        let broker = try await Mosquitto(prepare: { _ in ["max_packet_size 1000"] })
        let (client, recorder) = try client(options(broker.address))
        try await recorder.wait(for: "connection") { $0.connects == 1 }
        let large = try client.publish(topic: "t", payload: [UInt8](repeating: 0, count: 5_000))
        let small = try client.publish(topic: "t", payload: [1])
        let record = try await recorder.wait(for: "answers") { $0.published == [small] }
        guard case .publishFailed(large, .refused(let error)) = record.events[1] else {
            Issue.record("not refused: \(record)")
            return
        }
        #expect(error.description.contains("larger than supported"))
        client.renew()
        try await recorder.wait(for: "the next connection") { $0.connects == 2 }
        #expect(client.stop())
        #expect(client.statistics.queued == 0)
        #expect(client.statistics.dropped == 1)
    }

    @Test func `a deaf broker is noticed, and served again when it hears`() async throws {
        let broker = try await Mosquitto()
        var options = options(broker.address)
        options.keepAlive = .seconds(5)
        options.answerTimeout = .seconds(1)
        let (client, recorder) = try client(options, ["t"])
        try await recorder.wait(for: "subscription") { !$0.subscribed.isEmpty }
        broker.pause()
        let record = try await recorder.wait(for: "notice", within: .seconds(60)) {
            $0.failures.count >= 2
        }
        #expect(record.failures[0].description.contains("keep-alive time"))
        #expect(record.failures[1].call == "CONNECT")
        broker.resume()
        try await recorder.wait(for: "return", within: .seconds(60)) { $0.subscribed.count == 2 }
        client.stop()
    }

    @Test func `stopping does not wait for the pause to end`() async throws {
        let broker = try await Mosquitto()
        var options = options(broker.address, id: "twin")
        options.backOff.first = .seconds(30)
        options.backOff.cap = .seconds(60)
        let (first, told) = try client(options)
        try await told.wait(for: "connection") { $0.connects == 1 }
        // mosquitto cuts off the first of two clients with one name.
        let (second, recorder) = try client(options)
        try await recorder.wait(for: "connection") { $0.connects == 1 }
        try await told.wait(for: "loss") { !$0.failures.isEmpty }
        #expect(first.stop())
        second.stop()
    }

    @Test func `what waits is published before the goodbye`() async throws {
        let broker = try await Mosquitto()
        let (listener, heard) = try client(options(broker.address), ["t"])
        try await heard.wait(for: "subscription") { !$0.subscribed.isEmpty }
        let (client, recorder) = try client(options(broker.address))
        try await recorder.wait(for: "connection") { $0.connects == 1 }
        for i in 0..<500 { _ = try client.publish(topic: "t", payload: Array("\(i)".utf8)) }
        #expect(client.stop(within: .seconds(30)))
        #expect(client.statistics.sent == 500)
        try await heard.wait(for: "messages") { $0.messages.count == 500 }
        #expect(throws: MQTTPublishRefusal.stopped) { try client.publish(topic: "t", payload: []) }
        listener.stop()
    }

    private func passwordFile(_ directory: URL) throws -> [String] {
        let file = directory.appendingPathComponent("passwords")
        try "ada:lovelace\n".write(to: file, atomically: true, encoding: .utf8)
        try run("/usr/bin/mosquitto_passwd", ["-U", file.path], in: directory)
        return ["password_file \(file.path)"]
    }
}
