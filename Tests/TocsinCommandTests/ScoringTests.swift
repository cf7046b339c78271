import Foundation
import Testing
import TocsinTestSupport

/// The daemon with a model: what goes in, what comes out, and what must change nothing.
@Suite(.enabled(if: Mosquitto.isInstalled, "mosquitto is not installed"))
struct ScoringTests {
    /// A daemon that judges `pump-*` by the trained model.
    private func daemon(_ broker: Mosquitto, _ more: String = "") async throws -> RunningDaemon {
        let model = try await TrainedModel.files.model.path
        return try RunningDaemon(
            broker: broker.url,
            configuration: "models:\n  - {device: 'pump-*', file: \(model)}\n" + more
        )
    }

    /// So many rows of each of two pumps, as JSON messages.
    private func rows(_ range: Range<Int>) async throws -> [(device: String, payload: String)] {
        let table = try String(contentsOf: try await TrainedModel.files.table, encoding: .utf8)
        let lines = table.split(separator: "\n")
        let names = lines[0].split(separator: ",").map(String.init)
        return lines[1...].dropFirst(2 * range.lowerBound).prefix(2 * range.count).map { line in
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            let values = zip(names, fields).filter {
                !["timestamp", "device", "label"].contains($0.0)
            }
            .map { "\"\($0.0)\":\($0.1)" }
            let payload = "{\"time\":\"\(fields[0])\",\(values.joined(separator: ","))}"
            return (String(fields[1]), payload)
        }
    }

    private func send(
        _ rows: [(device: String, payload: String)],
        by client: TestClient
    ) async throws {
        for row in rows { try await client.publish("sensors/\(row.device)", row.payload) }
    }

    private func scores(_ client: TestClient, _ device: String) -> [String] {
        client.messages("tocsin/devices/\(device)/score").map(\.payload)
    }

    /// Messages that cannot be read, and why not.
    private let bad: [(String, [UInt8], String)] = [
        ("sensors/pump-1", Array("{\"time\":1767225600,\"flow\":".utf8), "not JSON, at byte 26"),
        ("sensors/pump-1", Array("[1,2,3]".utf8), "not an object of channels, at byte 0"),
        ("sensors/pump-1", Array("{\"flow\":1,\"time\":0}".utf8), "implausible time 1970-01-01"),
        (
            "sensors/pump-1", Array("{\"flow\":1,\"time\":\"2100-01-01T00:00:00Z\"}".utf8),
            "implausible time 2100-01-01"
        ),
        (
            "sensors/pump-1", Array("{\"time\":\"now\",\"flow\":1}".utf8),
            "unreadable time, at byte 8"
        ),
        ("sensors/pump-1", Array("{\"flow\":\"\u{1}".utf8) + [0xFF, 0xFE], "at byte"),
        (
            "sensors/pump-1",
            Array((String(repeating: "{\"a\":", count: 5_000)).utf8), "nested deeper than"
        ),
        (
            "sensors/pump-1", [UInt8](repeating: 0x20, count: 10_000_000),
            "payload of 10000000 bytes is too large"
        ),
        (
            "sensors/pump-1", [UInt8](repeating: 0x20, count: 2_000_000),
            "payload of 2000000 bytes is too large"
        ),
        ("sensors/pump-1/flow", Array("12,5".utf8), "not a number, at byte 2"),
        ("sensors/pump-1/flow", Array("1 2".utf8), "not a number, at byte 1"),
        ("sensors//flow", Array("1".utf8), "at byte"),
    ]

    @Test func `a restart changes no score`() async throws {
        let first = try await rows(0..<60)
        let second = try await rows(60..<120)
        var found: [[String]] = []
        for isInterrupted in [false, true] {
            let broker = try await Mosquitto()
            let daemon = try await daemon(broker)
            let client = try await TestClient(broker, filters: ["tocsin/#"])
            try await daemon.startAndWait()
            try await send(first, by: client)
            if isInterrupted {
                try await client.wait(for: "scores") { _ in scores(client, "pump-2").count >= 60 }
                #expect(try await daemon.stop() == 0)
                let program = try await daemon.startAndWait()
                try await program.wait(toSay: "state of 2 devices restored")
            }
            try await send(second, by: client)
            try await client.wait(for: "scores") { _ in
                scores(client, "pump-1").count >= 120 && scores(client, "pump-2").count >= 120
            }
            found.append(scores(client, "pump-1") + scores(client, "pump-2"))
            try await daemon.stop()
        }
        #expect(found[0].count == 240)
        #expect(found[0] == found[1])
        #expect(found[0].last?.contains("\"warm\":true") == true)
    }

    @Test func `what the broker keeps during a pause is scored after it`() async throws {
        let all = try await rows(0..<40)
        let broker = try await Mosquitto(prepare: { _ in ["max_queued_messages 0"] })
        let daemon = try await daemon(broker)
        let client = try await TestClient(broker, filters: ["tocsin/#"])
        try await daemon.startAndWait()
        try await send(Array(all[..<20]), by: client)
        try await daemon.stop()
        try await send(Array(all[20...]), by: client)
        let program = try await daemon.startAndWait()
        try await client.wait(for: "scores") { _ in scores(client, "pump-2").count == 40 }
        #expect(program.standardError.contains("session resumed"))
        try await daemon.stop()
    }

    @Test func `nothing that cannot be read reaches a device's state`() async throws {
        let all = try await rows(0..<30)
        var expected: [String]?
        for isDisturbed in [false, true] {
            let broker = try await Mosquitto()
            let daemon = try await daemon(broker)
            let client = try await TestClient(broker, filters: ["tocsin/#"])
            let program = try await daemon.startAndWait()
            try await send(Array(all[..<40]), by: client)
            if isDisturbed {
                for (topic, payload, _) in bad {
                    try await client.publish(topic, bytes: payload)
                    try await client.publish(topic, bytes: payload)
                }
                // Values that are none: missing, and no reason to refuse the rest.
                try await client.publish("sensors/pump-9", #"{"flow":NaN}"#)
                try await client.publish("sensors/pump-1", #"{"time":1e300}"#)
            }
            try await send(Array(all[40...]), by: client)
            try await client.wait(for: "scores") { _ in
                scores(client, "pump-1").count >= 30 && scores(client, "pump-2").count >= 30
            }
            let found = scores(client, "pump-1")
            if let expected {
                #expect(found == expected)
                // One line per topic and minute, the first.
                let skipped = program.errorLines.filter {
                    $0.hasSuffix("TOCSIN_TOPIC=sensors/pump-1")
                }
                #expect(skipped.count == 1, "\(program.standardError)")
                #expect(skipped.first?.contains(bad[0].2) == true, "\(skipped)")
                let status = try await daemon.status()
                let dropped = status["dropped"] as? [String: Int]
                // Two of them have a topic that no stream reads.
                #expect(dropped?["unreadable"] == 2 * bad.count, "\(status)")
                #expect(dropped?["unmatched_topic"] == 2, "\(status)")
                #expect(dropped?["queue_full"] == 0)
            } else {
                expected = found
            }
            try await daemon.stop()
        }
    }

    @Test func `each message that cannot be read is said with topic, reason and place`()
        async throws
    {
        let broker = try await Mosquitto()
        let daemon = try await daemon(
            broker,
            "streams:\n"
                + "  - {name: o, topic: 'n/+/{device}', format: json}\n"
                + "  - {name: v, topic: 'n/+/{device}/{channel}', format: number}\n"
        )
        let client = try await TestClient(broker, filters: ["tocsin/#"])
        let program = try await daemon.startAndWait()
        for (i, (topic, payload, reason)) in bad.enumerated() where !topic.contains("//") {
            let name = topic.replacingOccurrences(of: "sensors", with: "n/\(i)")
            try await client.publish(name, bytes: payload)
            try await program.wait(toSay: "'\(name)': ", within: .seconds(5))
            let line = program.errorLines.first { $0.contains("'\(name)': ") }
            #expect(line?.contains(reason) == true, "\(line ?? "")")
            #expect(line?.contains(", skipping") == true)
        }
        try await daemon.stop()
    }

    @Test func `an unknown channel is said once and leaves the rest alone`() async throws {
        let all = try await rows(0..<2)
        let broker = try await Mosquitto()
        let daemon = try await daemon(broker)
        let client = try await TestClient(broker, filters: ["tocsin/#"])
        let program = try await daemon.startAndWait()
        for row in all {
            let payload = row.payload.dropLast() + ",\"colour\":7}"
            try await client.publish("sensors/\(row.device)", String(payload))
        }
        try await client.publish("sensors/room-1", #"{"a":1}"#)
        try await client.wait(for: "scores") { _ in scores(client, "pump-2").count == 2 }
        try await program.wait(toSay: "room-1: no model judges it")
        #expect(program.errorLines.count { $0.contains("does not know 'colour'") } == 2)
        let dropped = try await daemon.status()["dropped"] as? [String: Int]
        #expect(dropped?["unknown_channel"] == 4)
        #expect(dropped?["without_model"] == 1)
        try await daemon.stop()
    }

    @Test func `a retained message is no fresh sample`() async throws {
        let all = try await rows(0..<2)
        let broker = try await Mosquitto()
        let client = try await TestClient(broker, filters: ["tocsin/#"])
        try await client.publish("sensors/pump-1", all[0].payload, isRetained: true)
        let daemon = try await daemon(broker)
        try await daemon.startAndWait()
        try await client.publish("sensors/pump-1", all[2].payload)
        try await client.wait(for: "a score") { _ in !scores(client, "pump-1").isEmpty }
        #expect(scores(client, "pump-1").count == 1)
        try await daemon.stop()
    }

    @Test func `alerts raised while the broker is away are delivered once it is back, and once`()
        async throws
    {
        let broker = try await Mosquitto()
        let daemon = try await daemon(
            broker,
            "alerts: {silence: {after_periods: 1, at_least_seconds: 1}}\n"
        )
        // Silence after one period: the only alert that needs no message to be raised.
        let all = try await rows(0..<1)
        var client = try await TestClient(broker, filters: ["tocsin/#"])
        let program = try await daemon.startAndWait()
        try await client.publish("sensors/pump-1", all[0].payload)
        try await client.wait(for: "a score") { _ in !scores(client, "pump-1").isEmpty }
        broker.stop()
        try await program.wait(toSay: "pump-1 is silent", within: .seconds(45))
        #expect(client.messages("tocsin/alerts").isEmpty)
        // A stop in between must not lose it either.
        #expect(try await daemon.stop() == 0)
        try await broker.start()
        client = try await TestClient(broker, filters: ["tocsin/#"])
        try await daemon.startAndWait()
        try await client.wait(for: "the alert") { _ in !client.messages("tocsin/alerts").isEmpty }
        try await daemon.stop()
        try await daemon.startAndWait()
        try await client.wait(for: "online again") { _ in
            client.messages("tocsin/status").count { $0.payload == "online" } == 2
        }
        try await daemon.stop()
        #expect(client.messages("tocsin/alerts").count == 1)
        let kept = client.messages("tocsin/devices/pump-1/alert/silence")
        #expect(kept.count == 1)
        #expect(kept.first?.payload.contains(#""kind":"silence","state":"raised""#) == true)
    }

    @Test func `status and inspect say how it is, for people and for programs`() async throws {
        let all = try await rows(0..<5)
        let broker = try await Mosquitto()
        let daemon = try await daemon(broker)
        let client = try await TestClient(broker, filters: ["tocsin/#"])
        try await daemon.startAndWait()
        try await send(all, by: client)
        try await client.wait(for: "scores") { _ in scores(client, "pump-2").count == 5 }

        let text = try await command("status --socket \(daemon.socket)").output
        #expect(text.hasPrefix("tocsin 0."))
        #expect(text.contains("10 messages, 10 frames"))
        #expect(text.contains("pump-1                  warming up"))
        let detail = try await command("inspect pump-1 --socket \(daemon.socket)").output
        #expect(detail.hasPrefix("pump-1, stream objects, model pump"))
        let json = try await command("inspect pump-1 --json --socket \(daemon.socket)").output
        let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        #expect(object?["frames"] as? Int == 5)
        let unknown = try await BuiltBinary.run(["inspect", "pump-7", "--socket", daemon.socket])
        #expect(unknown.code == 65)
        #expect(unknown.error == "tocsin: unknown device 'pump-7'\n")

        // A daemon that hangs hangs nobody.
        try daemon.program.signal(SIGSTOP)
        let hanging = try await BuiltBinary.run(["status", "--socket", daemon.socket])
        #expect(hanging.code == 69)
        try daemon.program.signal(SIGCONT)
        try await daemon.stop()
        let gone = try await BuiltBinary.run(["status", "--socket", daemon.socket])
        #expect(gone.code == 69)
        #expect(gone.error.split(separator: "\n").count == 1)
    }
}
