import Foundation
import Testing
import TocsinTestSupport

/// The daemon and a journal of the test's own.
struct JournalTests {
    private static var script: String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/private-journald.sh").path
    }

    private static var repository: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
    }

    /// The script says 77 where it cannot work.
    private static let canRun: Bool = {
        guard let program = try? RunningProgram(script, ["true"]) else { return false }
        return program.end() == 0
    }()

    @Test(
        .enabled(if: canRun, "no root, no unshare, or no systemd-journald"),
        .enabled(if: Mosquitto.isInstalled, "mosquitto is not installed")
    )
    func `the journal has what happened in fields, and the catalogue what to do`() async throws {
        let broker = try await Mosquitto()
        let client = try await TestClient(broker)
        let folder = try TemporaryFolder()
        let model = try await TrainedModel.files.model.path
        try folder.write(
            """
            broker: {address: "\(broker.url)"}
            models: [{device: "pump-*", file: "\(model)"}]
            alerts: {silence: {after_periods: 1, at_least_seconds: 1}}

            """,
            to: "t.yaml"
        )
        // The journal ends with the script, so everything happens within: until there is a file
        // called `done`, the daemon runs.
        let catalogue = Self.repository.appendingPathComponent("systemd/tocsin.catalog").path
        try folder.write(
            """
            set -eu
            "$1" run --config t.yaml &
            pid=$!
            while [ ! -e done ]; do sleep 0.05; done
            kill -TERM "$pid"
            wait "$pid"
            journalctl --sync
            journalctl --output=json --all --no-pager SYSLOG_IDENTIFIER=tocsin > journal
            # A catalogue of its own, in a namespace that is gone with the journal.
            mkdir -p catalog
            cp "$2" catalog/tocsin.catalog
            mkdir -p /usr/lib/systemd/catalog /var/lib/systemd/catalog
            mount --bind catalog /usr/lib/systemd/catalog
            mount -t tmpfs tmpfs /var/lib/systemd/catalog
            journalctl --update-catalog
            journalctl --no-pager --catalog SYSLOG_IDENTIFIER=tocsin > explained

            """,
            to: "script"
        )
        let program = try RunningProgram(
            Self.script,
            ["bash", "script", BuiltBinary.path, catalogue],
            environment: RunningProgram.environment.merging(["TOCSIN_LOG": "journal"]) { $1 },
            in: folder.url
        )
        try await client.wait(for: "online") { _ in
            client.messages("tocsin/status").last?.payload == "online"
        }
        try await client.publish("sensors/pump-1", #"{"flow":"#)
        try await client.publish("sensors/pump-1", #"{"time":"2026-01-01T00:00:00Z","flow":30}"#)
        try await client.publish("sensors/pump-1", #"{"time":"2026-01-01T01:00:00Z","flow":30}"#)
        try await client.wait(for: "an alert") { _ in
            !client.messages("tocsin/devices/pump-1/alert/silence").isEmpty
        }
        try folder.write("", to: "done")
        #expect(try await program.wait() == 0, "\(program.standardError)")
        #expect(program.standardOutput.isEmpty)

        let text = try String(contentsOfFile: folder.path("journal"), encoding: .utf8)
        let entries = try text.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        func entry(_ identifier: String) throws -> [String: String] {
            try #require(entries.first { $0["MESSAGE_ID"] as? String == identifier })
                .compactMapValues { $0 as? String }
        }
        let skipped = try entry("ca8d08c5e73c40c0accd70f960e17599")
        #expect(skipped["MESSAGE"] == "'sensors/pump-1': not JSON, at byte 8, skipping")
        #expect(skipped["PRIORITY"] == "4")
        #expect(skipped["TOCSIN_TOPIC"] == "sensors/pump-1")
        #expect(skipped["TOCSIN_REASON"] == "not JSON, at byte 8")
        let silence = try entry("3ff2083dd83b402ea6e14df26aa0314f")
        #expect(silence["PRIORITY"] == "5")
        #expect(silence["TOCSIN_DEVICE"] == "pump-1")
        #expect(silence["TOCSIN_ALERT_KIND"] == "silence")
        #expect(silence["TOCSIN_STATE"] == "raised")
        #expect(silence["TOCSIN_THRESHOLD"] == "1")
        #expect(silence["TOCSIN_SINCE"] == "2026-01-01T00:00:00.000Z")
        #expect(try entry("91d5fa43b5004b11bec725938c47f56a")["PRIORITY"] == "5")
        #expect(try entry("2f1380df53b6493280a6f47d246bc132")["MESSAGE"]?.isEmpty == false)

        let explained = try String(contentsOfFile: folder.path("explained"), encoding: .utf8)
        #expect(explained.contains("Subject: A device is silent"))
        #expect(
            explained.contains("Nothing has arrived from pump-1 since 2026-01-01T00:00:00.000Z.")
        )
        #expect(explained.contains("mosquitto_sub -v -t TOPIC"))
    }
}
