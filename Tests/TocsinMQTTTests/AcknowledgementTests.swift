import Foundation
import Synchronization
import Testing
import TocsinMQTT
import TocsinTestSupport

/// When the acknowledgement of a message leaves: after its handler has returned.
///
/// That is what makes QoS 1 hold across a death of the process. Needs no real broker.
@Suite(.serialized)
struct AcknowledgementTests {
    @Test(arguments: [MQTTVersion.v311, .v5])
    func `no message is acknowledged before its handler has returned`(version: MQTTVersion)
        async throws
    {
        let story = Story()
        // Ten messages in one piece, so that the client finds more of them while it is busy with one.
        let broker = try broker(sending: (1...10).map { UInt16($0) }, version, story)
        let gate = DispatchSemaphore(value: 0)
        let client = try client(broker, version) { identifier in
            story.tell("begin \(identifier)")
            if identifier == 4 { gate.wait() }
            story.tell("end \(identifier)")
        }
        try await eventually("the fourth message") { story.lines.contains("begin 4") }
        // Long enough for an acknowledgement to travel; there is none to wait for.
        try await Task.sleep(for: .milliseconds(300))
        let meanwhile = story.lines
        gate.signal()
        for identifier in 4...10 { #expect(!meanwhile.contains("ack \(identifier)")) }
        try await eventually("acknowledgements", detail: { "\(story.lines)" }) {
            story.lines.contains("ack 10")
        }
        let lines = story.lines
        for identifier in 1...10 {
            let end = try #require(lines.firstIndex(of: "end \(identifier)"))
            let acknowledged = try #require(lines.firstIndex(of: "ack \(identifier)"))
            #expect(end < acknowledged)
        }
        #expect(
            lines.filter { $0.hasPrefix("ack") } == (1...10).map { "ack \($0)" },
            "in order, and once each"
        )
        client.stop()
    }

    @Test func `a burst is acknowledged to the last message, without another to push it`()
        async throws
    {
        let story = Story()
        // More than one look takes in.
        let broker = try broker(sending: (1...2_000).map { UInt16($0) }, .v5, story)
        let client = try client(broker, .v5) { story.tell("end \($0)") }
        try await eventually("acknowledgements") { story.lines.contains("ack 2000") }
        #expect(story.lines.count { $0.hasPrefix("ack") } == 2_000)
        #expect(client.statistics.received == 2_000)
        client.stop()
    }

    @Test func `a message says under which identifier the broker sent it`() async throws {
        let story = Story()
        let broker = try broker(sending: [7, 65_535, 1], .v5, story)
        let client = try client(broker, .v5) { story.tell("end \($0)") }
        try await eventually("messages") { story.lines.contains("ack 1") }
        let told = story.lines.filter { $0.hasPrefix("end") }
        #expect(told == ["end 7", "end 65535", "end 1"])
        client.stop()
    }

    @Test(.enabled(if: Mosquitto.isInstalled, "mosquitto is not installed"))
    func `a message at QoS 0 has no identifier`() async throws {
        let broker = try await Mosquitto()
        let flags = Flags()
        let listener = try MQTTClient(
            options(broker.address),
            handlers: MQTTClient.Handlers(
                message: { _, _, found in flags.all.withLock { $0.append(found) } },
                event: { _ in }
            )
        )
        listener.setSubscriptions(["t"])
        try listener.start()
        let (client, recorder) = try TocsinMQTTTests.client(options(broker.address))
        try await recorder.wait(for: "connection") { $0.connects == 1 }
        let topic = try MQTTTopic("t")
        try await eventually("a message") {
            try client.post(topic, [1])
            return !flags.all.withLock(\.isEmpty)
        }
        #expect(
            flags.all.withLock { $0.allSatisfy { $0.identifier == 0 && $0.qos == .atMostOnce } }
        )
        client.stop()
        listener.stop()
    }

    /// A broker that sends messages with these identifiers, all at once, to whoever subscribes.
    private func broker(
        sending identifiers: [UInt16],
        _ version: MQTTVersion,
        _ story: Story
    ) throws -> FakeBroker {
        try FakeBroker { packet in
            if packet.isConnect { return version == .v5 ? [0x20, 3, 0, 0, 0] : [0x20, 2, 0, 0] }
            if packet.header == 0x40 {
                story.tell("ack \(Int(packet.body[0]) << 8 | Int(packet.body[1]))")
            }
            guard packet.isSubscribe else { return [] }
            let properties: [UInt8] = version == .v5 ? [0] : []
            let granted =
                [0x90, 3 + UInt8(properties.count)] + packet.body.prefix(2) + properties + [1]
            return identifiers.reduce(into: Array(granted)) { bytes, identifier in
                let content: [UInt8] =
                    [0, 1, UInt8(ascii: "t"), UInt8(identifier >> 8), UInt8(identifier & 0xFF)]
                    + properties + Array("payload".utf8)
                bytes += [0x32, UInt8(content.count)] + content
            }
        }
    }

    private func client(
        _ broker: FakeBroker,
        _ version: MQTTVersion,
        message: @escaping @Sendable (UInt16) -> Void
    ) throws -> MQTTClient {
        var options = options(broker.address)
        options.versions = .only(version)
        let client = try MQTTClient(
            options,
            handlers: MQTTClient.Handlers(
                message: { _, _, flags in message(flags.identifier) },
                event: { _ in }
            )
        )
        client.setSubscriptions(["t"])
        try client.start()
        return client
    }
}

/// What happened on both sides, in order.
private final class Story: Sendable {
    private let told = Mutex<[String]>([])

    var lines: [String] { told.withLock(\.self) }

    func tell(_ line: String) { told.withLock { $0.append(line) } }
}

private final class Flags: Sendable {
    let all = Mutex<[MQTTMessageFlags]>([])
}
