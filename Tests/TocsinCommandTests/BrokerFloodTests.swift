import Foundation
import Synchronization
import Testing
import TocsinMQTT
import TocsinTestSupport

/// Brokers that deliver too much, too little or too slowly, while the connection is up.
@Suite(.enabled(if: Mosquitto.isInstalled, "mosquitto is not installed"))
struct BrokerFloodTests {
    @Test func `messages that the broker dropped are said, once a minute at most`() async throws {
        let broker = try await Mosquitto { _ in ["max_queued_messages 100", "sys_interval 1"] }
        let daemon = try RunningDaemon(broker: broker.url)
        let client = try await TestClient(broker, filters: ["tocsin/#"])
        let observer = try await TestClient(
            broker,
            filters: ["$SYS/broker/publish/messages/dropped"]
        )
        let program = try await daemon.startAndWait()
        // Two streams, and then the broker's counter and the daemon's own two topics.
        try await eventually("subscriptions", detail: { broker.log }) {
            broker.log.matches(of: /Sending SUBACK to tocsin/).count == 5
        }
        let lines = program.errorLines.count
        // More than may be in flight (a thousand) and wait (a hundred).
        let messages = (0..<2_000).map { ("sensors/pump-\($0 % 5)", #"{"a":1}"#) }
        try await program.pause()
        try await client.publish(messages)
        program.resume()
        try await program.wait(toSay: "the broker dropped")
        // None is lost without being counted; neither is the count itself a device's message. The broker
        // may have counted in the midst of it, so that the count that was said need not be the last.
        try await daemon.wait(for: "what was kept") {
            guard let received = $0["messages"] as? Int, let dropped = count(observer) else {
                return false
            }
            return dropped > 0 && received == 2_000 - dropped
        }

        try await program.pause()
        try await client.publish(messages)
        program.resume()
        // Long enough for the second count to have come.
        try await Task.sleep(for: .seconds(3))
        let status = try await daemon.status()
        let dropped = try #require(count(observer))
        #expect(status["messages"] as? Int == 4_000 - dropped)
        #expect((status["dropped"] as? [String: Any])?["unmatched_topic"] as? Int == 0)
        // What was dropped, and a device without a model; asking for the counter is not worth a line.
        #expect(program.errorLines.count == lines + 2, "\(program.standardError)")
        try await daemon.stop()
    }

    @Test func `a broker that hides its counters is a broker like any other`() async throws {
        let statuses = Statuses()
        // Refuses the one filter, and hangs up on nobody.
        let broker = try FakeBroker { packet in
            if packet.isConnect { return [0x20, 3, 0, 0, 0] }
            guard packet.isSubscribe else {
                guard packet.header == 0x33 else { return [] }
                statuses.add()
                return acknowledgement(packet)
            }
            let isSystem = packet.body.contains(UInt8(ascii: "$"))
            return [0x90, 4, packet.body[0], packet.body[1], 0, isSystem ? 0x87 : 1]
        }
        let daemon = try RunningDaemon(broker: "mqtt://127.0.0.1:\(broker.port)")
        let program = try await daemon.startAndWait()
        try await program.wait(toSay: "notice: subscribed")
        // Long enough for the refusal to have come.
        try await Task.sleep(for: .milliseconds(500))
        #expect(program.errorLines.count == 2, "\(program.standardError)")
        #expect(daemon.manager.count("READY=1") == 1)
        #expect(statuses.count == 1, "it says once that it is online")
        try await daemon.stop()
    }

    @Test func `ten thousand retained messages are taken in, and what follows as well`()
        async throws
    {
        let broker = try await Mosquitto { _ in ["max_queued_messages 0"] }
        let client = try await TestClient(broker, filters: ["tocsin/#"])
        try await client.publish(
            (0..<10_000).map { ("sensors/pump-\($0)", #"{"flow":30}"#) },
            isRetained: true
        )
        let daemon = try RunningDaemon(
            broker: broker.url,
            configuration: "models: [{file: \"\(try await TrainedModel.quick.path)\"}]\n"
        )
        let start = ContinuousClock.now
        let program = try await daemon.startAndWait()
        try await daemon.wait(for: "all of them") { $0["messages"] as? Int == 10_000 }
        print("retained: in after \(start.duration(to: .now)), \(program.processorTime)")
        #expect(start.duration(to: .now) < .seconds(10))
        let status = try await daemon.status()
        #expect(status["devices"] as? Int == 10_000)
        try await client.publish("sensors/pump-1", #"{"flow":31}"#)
        try await client.wait(for: "a score") {
            $0.contains { $0.topic == "tocsin/devices/pump-1/score" }
        }
        #expect(program.errorLines.count { $0.contains("no connection") } == 0)
        try await daemon.stop()
    }

    @Test func `a storm on one topic drowns no other device, and is over when it is over`()
        async throws
    {
        let broker = try await Mosquitto { _ in ["max_queued_messages 100000"] }
        let fleet = try await WatchedFleet(broker.url)
        let program = try await fleet.daemon.startAndWait()
        let client = try await TestClient(broker, filters: ["tocsin/devices/pump-2/#"])
        var options = MQTTClient.Options(address: .tcp(host: "127.0.0.1", port: broker.port))
        options.queuedMessages = 50_000
        let storm = try MQTTClient(
            options,
            handlers: MQTTClient.Handlers(message: { _, _, _ in }, event: { _ in })
        )
        try storm.start()
        try await eventually("the storm's connection") { storm.statistics.connects == 1 }
        let topic = try MQTTTopic("sensors/pump-1")
        let payload = Array(#"{"flow":30}"#.utf8)
        let descriptors = program.descriptors
        for _ in 0..<30_000 { try storm.post(topic, payload.span) }
        // In the midst of it.
        try await client.publish("sensors/pump-2", #"{"flow":30}"#)
        let start = ContinuousClock.now
        try await client.wait(for: "a score of the other device") { !$0.isEmpty }
        print("storm: the other device's score after \(start.duration(to: .now))")
        #expect(start.duration(to: .now) < .seconds(10))
        try await fleet.daemon.wait(for: "the end of the storm") {
            ($0["messages"] as? Int ?? 0) == 30_001 && ($0["queue_fill"] as? Double ?? 1) == 0
        }
        #expect(storm.stop())
        let status = try await fleet.daemon.status()
        #expect((status["dropped"] as? [String: Any])?["queue_full"] as? Int == 0)
        #expect(program.errorLines.count { $0.contains("no connection") } == 0)
        // Over means over: nothing is left to do.
        let expense = Expense(program)
        try await Task.sleep(for: .seconds(1))
        expense.expectLittle("after the storm")
        #expect(program.descriptors == descriptors)
        try await fleet.daemon.stop()
    }

    @Test func `a slow line is no lost one, and every alert gets through it`() async throws {
        let broker = try await Mosquitto()
        let proxy = try Proxy(to: broker.port)
        let fleet = try await WatchedFleet("mqtt://127.0.0.1:\(proxy.port)")
        let program = try await fleet.daemon.startAndWait()
        let client = try await TestClient(broker, filters: ["tocsin/#"])
        proxy.limit(bytesPerSecond: 2_000)
        let expense = Expense(program)
        try await fleet.speak(by: client)
        try await fleet.wait(for: "raised", by: client)
        try await fleet.speak(by: client)
        try await fleet.wait(for: "cleared", by: client)
        #expect(try fleet.expectEachOnce(client) == 0)
        expense.expectLittle("slow")
        #expect(program.errorLines.count { $0.contains("connected to") } == 1)
        proxy.limit(bytesPerSecond: nil)
        try await fleet.daemon.stop()
    }

    @Test func `a subscription that is gone although the connection is up is made again`()
        async throws
    {
        let broker = try await Mosquitto()
        let proxy = try Proxy(to: broker.port)
        let fleet = try await WatchedFleet("mqtt://127.0.0.1:\(proxy.port)")
        let program = try await fleet.daemon.startAndWait()
        let client = try await TestClient(broker, filters: ["tocsin/#"])
        try await fleet.speak(by: client)
        try await fleet.waitForMessages(5)
        let expense = Expense(program)
        // Behind the daemon's back.
        let filter = Array("sensors/+".utf8)
        let body: [UInt8] = [0xFF, 0xF0, 0, 0, UInt8(filter.count)] + filter
        proxy.inject([0xA2, UInt8(body.count)] + body)
        try await eventually("the loss") { broker.log.contains("Received UNSUBSCRIBE from tocsin") }
        try await fleet.speak(by: client)
        try await program.wait(toSay: "nothing arrives from", within: .seconds(60))
        let start = ContinuousClock.now
        try await program.wait(toSay: "connected to", count: 2)
        // Two streams, the broker's counter and the daemon's own two topics, twice.
        try await eventually("subscriptions", detail: { broker.log }) {
            broker.log.matches(of: /Sending SUBACK to tocsin/).count >= 10
        }
        try await fleet.speak(by: client)
        try await fleet.waitForMessages(10)
        print("deaf: hears again after \(start.duration(to: .now))")
        #expect(start.duration(to: .now) < .seconds(10))
        #expect(program.errorLines.count { $0.contains("no connection to") } == 0)
        #expect(program.errorLines.count { $0.contains("nothing arrives") } == 1)
        try await fleet.wait(for: "cleared", by: client)
        #expect(try fleet.expectEachOnce(client) == 0)
        expense.expectLittle("deaf")
        try await fleet.daemon.stop()
    }
}

/// What the broker said last of how many messages it dropped.
private func count(_ observer: TestClient) -> Int? {
    observer.messages.last.flatMap { Int($0.payload) }
}

/// Counts retained messages.
private final class Statuses: Sendable {
    private let seen = Mutex(0)

    var count: Int { seen.withLock(\.self) }

    func add() { seen.withLock { $0 += 1 } }
}

/// PUBACK for a QoS 1 message.
private func acknowledgement(_ packet: FakeBroker.Packet) -> [UInt8] {
    let topic = Int(packet.body[0]) << 8 | Int(packet.body[1])
    return [0x40, 2] + packet.body[(2 + topic)..<(4 + topic)]
}
