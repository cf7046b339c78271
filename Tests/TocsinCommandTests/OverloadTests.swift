import Foundation
import Testing
import TocsinCore
import TocsinTestSupport

/// More than the daemon can take.
@Suite(.enabled(if: Mosquitto.isInstalled, "mosquitto is not installed"))
struct OverloadTests {
    @Test func `a flood costs those who send it, and no device that behaves`() async throws {
        let folder = try TemporaryFolder()
        try await command(
            "simulate --devices pump:1 --duration 8h --period 30s --seed 7"
                + " --fault offset:pump-1.pressure@6h+1h*3 -o pump.csv",
            in: folder.url
        )
        let text = try String(
            contentsOf: folder.url.appendingPathComponent("pump.csv"),
            encoding: .utf8
        )
        var reader = try CSVReader(Array(text.utf8))
        let channels = reader.channels
        var rows: [(time: Double, members: String)] = []
        while let row = try reader.next() {
            let members = zip(channels, row.values).map { ",\"\($0)\":\($1)" }.joined()
            rows.append((Double(row.time.microseconds) / 1e6, members))
        }

        let broker = try await Mosquitto { _ in ["max_queued_messages 0"] }
        let daemon = try RunningDaemon(
            broker: broker.url,
            configuration: """
                models: [{file: \(try await TrainedModel.files.model.path)}]
                intake: {shards: 1, queue_bytes: 1048576, largest_payload_bytes: 4096}

                """
        )
        let witness = try await TestClient(broker, filters: ["tocsin/alerts"])
        let program = try await daemon.startAndWait()
        // For each message of the pump forty of two others, who send faster than they can be read.
        var sent = 0
        for (i, row) in rows.enumerated() {
            try witness.send("sensors/pump-1", "{\"time\":\(row.time)\(row.members)}")
            for part in 0..<40 {
                let time = row.time + Double(i * 40 + part) * 30
                let device = "flood-\(part % 2)"
                try witness.send("sensors/\(device)", "{\"time\":\(time)\(row.members)}")
            }
            sent += 41
            while witness.acknowledged < sent - 5_000 {
                try await Task.sleep(for: .milliseconds(1))
            }
        }
        try await daemon.wait(for: "everything", within: .seconds(120)) { status in
            let dropped = (status["dropped"] as? [String: Any])?["queue_full"] as? Int ?? 0
            return (status["messages"] as? Int ?? 0) + dropped >= sent
        }
        let status = try await daemon.status()
        let dropped = try #require(status["dropped"] as? [String: Any])["queue_full"] as? Int ?? 0
        #expect(dropped > sent / 10, "it was too little for a flood")
        #expect(program.errorLines.contains { $0.contains("queue full") })
        #expect(program.errorLines.count { $0.contains("queue full") } < 10)
        #expect(status["memory_bytes"] as? Int ?? .max < 200_000_000)

        // Every frame of the pump was scored, and it rang.
        let inspection = try await command("inspect pump-1 --json --socket \(daemon.socket)").output
        let pump = try #require(
            try JSONSerialization.jsonObject(with: Data(inspection.utf8)) as? [String: Any]
        )
        #expect(pump["frames"] as? Int == rows.count)
        let alerts = try await witness.wait(for: "its alert") { messages in
            messages.contains { $0.payload.contains("\"pump-1-anomaly") }
        }
        #expect(alerts.contains { $0.payload.contains("\"state\":\"raised\"") })

        // And when it is over, it is over.
        try await daemon.wait(for: "an empty queue") { ($0["queue_fill"] as? Double) == 0 }
        let frames = try await daemon.status()["frames"] as? Int ?? 0
        let last = rows[rows.count - 1]
        let later = last.time + Double(rows.count * 40 + 60) * 30
        try await witness.publish("sensors/flood-0", "{\"time\":\(later)\(last.members)}")
        try await daemon.wait(for: "the next frame") { ($0["frames"] as? Int ?? 0) > frames }
        try await daemon.stop()
    }
}
