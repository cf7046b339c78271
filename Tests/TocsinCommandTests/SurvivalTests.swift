import Foundation
import Synchronization
import Testing
import TocsinCore
import TocsinTestSupport

/// What is left of a daemon that is killed: everything.
///
/// `$TOCSIN_CYCLES` says how often it is killed; the more, the longer.
@Suite(.enabled(if: Mosquitto.isInstalled, "mosquitto is not installed"), .serialized)
struct SurvivalTests {
    private static let cycles =
        ProcessInfo.processInfo.environment["TOCSIN_CYCLES"].flatMap { Int($0) } ?? 25

    /// What a subscriber has seen, each message once.
    private struct Seen {
        /// By topic and time.
        var scores: [String: String] = [:]
        /// The lines of `tocsin/alerts`, in order.
        var alerts: [String] = []
        /// The last condition of each topic.
        var conditions: [String: String] = [:]
        /// How many messages came again, byte for byte the same.
        var repeatedScores = 0
        var repeatedAlerts = 0

        init(_ messages: [TestClient.Message]) throws {
            for message in messages {
                if message.topic.hasSuffix("/score") {
                    let time = try #require(message.payload.firstRange(of: "\"time\":\""))
                    let key = message.topic + message.payload[time.upperBound...].prefix(24)
                    if scores.updateValue(message.payload, forKey: key) == message.payload {
                        repeatedScores += 1
                    }
                } else if message.topic == "tocsin/alerts" {
                    if alerts.contains(message.payload) {
                        repeatedAlerts += 1
                    } else {
                        alerts.append(message.payload)
                    }
                } else if message.topic.contains("/alert/") {
                    conditions[message.topic] = message.payload
                }
            }
        }
    }

    /// Messages of two pumps that break in turn, `(topic, payload)`.
    private static func recording(in folder: TemporaryFolder, hours: Int) async throws
        -> [(String, String)]
    {
        try await command(
            "simulate --devices pump:2 --duration \(hours)h --period 30s --seed 7"
                + " --random-faults 12 -o broken.csv",
            in: folder.url
        )
        let text = try String(
            contentsOf: folder.url.appendingPathComponent("broken.csv"),
            encoding: .utf8
        )
        var reader = try CSVReader(Array(text.utf8))
        var messages: [(String, String)] = []
        let channels = reader.channels
        while let row = try reader.next() {
            let members = zip(channels, row.values).filter { !$0.1.isNaN }
                .map { ",\"\($0)\":\($1)" }.joined()
            let time = "\(Double(row.time.microseconds) / 1e6)"
            messages.append(("sensors/\(row.device)", "{\"time\":\(time)\(members)}"))
        }
        return messages
    }

    private static func configuration(_ shards: Int) async throws -> String {
        """
        models: [{file: \(try await TrainedModel.files.model.path)}]
        output: {scores_per_second: 0, state_interval_seconds: 0}
        intake: {shards: \(shards)}
        state: {interval_seconds: 3600}

        """
    }

    /// All there is to know of both pumps, but for what depends on when it is asked.
    private func inspect(_ daemon: RunningDaemon) async throws -> [String] {
        var found: [String] = []
        for pump in ["pump-1", "pump-2"] {
            let line = "inspect \(pump) --json --socket \(daemon.socket)"
            let text = try await command(line).output
            var object = try #require(
                try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
            )
            object["time"] = nil
            object["lag_s"] = nil
            let data = try JSONSerialization.data(withJSONObject: object, options: .sortedKeys)
            found.append(String(decoding: data, as: UTF8.self))
        }
        return found
    }

    private func frames(_ daemon: RunningDaemon) async throws -> Int {
        try await inspect(daemon).reduce(0) { sum, text in
            let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
            return sum + (object?["frames"] as? Int ?? 0)
        }
    }

    /// Waits until nothing more arrives.
    private func quiet(_ witness: TestClient) async throws {
        var (seen, since) = (-1, 0)
        while since < 3 {
            try await Task.sleep(for: .milliseconds(10))
            let now = witness.messages.count
            (seen, since) = (now, now == seen ? since + 1 : 0)
        }
    }

    /// Feeds a daemon, which is killed so often on the way; returns what was seen, and how it is.
    private func run(
        _ messages: [(String, String)],
        kills: Int,
        shards: Int
    ) async throws -> (seen: Seen, state: [String]) {
        let broker = try await Mosquitto { _ in ["max_queued_messages 0"] }
        let daemon = try RunningDaemon(
            broker: broker.url,
            configuration: try await Self.configuration(shards)
        )
        let witness = try await TestClient(broker, filters: ["tocsin/#"])
        var random = SeededGenerator(seed: 5)
        var sent = 0
        for cycle in 0...kills {
            let program = try await daemon.startAndWait()
            let end = messages.count * (cycle + 1) / (kills + 1)
            for (topic, payload) in messages[sent..<end] { try witness.send(topic, payload) }
            sent = end
            guard cycle < kills else { break }
            try await Task.sleep(for: .microseconds(Int(random.uniform() * 30_000)))
            // It stops at any moment, but mostly dies only when what it had written has reached the
            // witness: a connection that ends with something unread in it is reset, and scores that
            // are under way, of QoS 0, are lost. Alerts must come through either way.
            if cycle % 8 < 7 {
                try await program.pause()
                try await quiet(witness)
            }
            program.kill()
        }
        try await eventually(
            "\(messages.count) frames",
            within: .seconds(60),
            detail: { "\(witness.acknowledged) acknowledged" }
        ) { try await frames(daemon) >= messages.count }
        try await eventually("alerts") { (try await daemon.status()["outbox"] as? Int) == 0 }
        // What was acknowledged to the daemon is on its way to the witness.
        try await Task.sleep(for: .milliseconds(300))
        let state = try await inspect(daemon)
        try await daemon.stop()
        return (try Seen(witness.messages), state)
    }

    @Test(arguments: [1, 3]) func `a daemon killed at any time says what one says that never was`(
        shards: Int
    ) async throws {
        let folder = try TemporaryFolder()
        let kills = shards == 1 ? Self.cycles : Self.cycles / 3
        let messages = try await Self.recording(in: folder, hours: max(kills / 6, 12))
        let (expected, state) = try await run(messages, kills: 0, shards: 1)
        #expect(expected.scores.count == messages.count)
        #expect(expected.alerts.count > 4)

        let (seen, other) = try await run(messages, kills: kills, shards: shards)
        let wrong = seen.scores.filter { expected.scores[$0.key] != $0.value }
        #expect(wrong.isEmpty, "\(wrong)")
        #expect(other == state, "no frame was lost, and the last state is the same")
        #expect(seen.alerts.sorted() == expected.alerts.sorted())
        #expect(seen.repeatedAlerts == 0)
        #expect(seen.conditions == expected.conditions)
        // What was under way at QoS 0 dies with the connection.
        let missing = expected.scores.count - seen.scores.count
        #expect(missing <= kills * 5, "\(missing) of \(expected.scores.count)")
        print(
            "\(kills) kills, \(shards) shards: \(seen.scores.count) scores and",
            "\(seen.alerts.count) alerts, \(wrong.count) differ; \(missing) scores lost in the",
            "network; the same again: \(seen.repeatedScores) scores, \(seen.repeatedAlerts) alerts"
        )
    }
}
