import Foundation
import Testing
import TocsinTestSupport

/// The unit under a real systemd, in a container made of this machine's own files.
///
/// Each test puts everything back to how it was installed first; only the container is shared.
@Suite(
    .serialized,
    .inMachine,
    .enabled(if: Machine.canBoot, "needs root, control groups, systemd-nspawn, bc and mosquitto"),
    .timeLimit(.minutes(3))
)
struct SystemdTests {
    var machine: Machine {
        get throws { try #require(Machine.current) }
    }

    @Test func `it waits for its broker, and is ready when it is subscribed`() async throws {
        let machine = try machine
        try await machine.begin(hasBroker: false)
        try await machine.run("systemctl start --no-block tocsin")
        try await machine.wait(for: "patience") {
            try await machine.property("StatusText").hasPrefix("no connection to the broker")
        }
        #expect(try await machine.property("ActiveState") == "activating")
        try await machine.startBroker()
        try await machine.wait(for: "READY=1") {
            try await machine.property("ActiveState") == "active"
        }
        let line = "0 devices, 0 alerts raised, 0 frames scored"
        #expect(try await machine.property("StatusText") == line)
        let told = try await machine.run("systemctl status --no-pager tocsin")
        #expect(told.contains("Status: \"\(line)\""), "\(told)")
        let status = try await machine.run("tocsin status")
        #expect(status.contains("connected"), "\(status)")
        #expect(try await machine.property("NRestarts") == "0")
    }

    @Test func `a good reload is taken over, and a bad one costs one entry and nothing else`()
        async throws
    {
        let machine = try machine
        try await machine.begin()
        try await machine.start()
        let pid = try await machine.property("MainPID")
        let good = "streams: [{name: plant, topic: 'plant/{device}'}]\n"
        try await machine.configure(good)
        try await machine.run("systemctl reload tocsin")
        let reloaded = "MESSAGE_ID=8f3eaf12456a47ecad84157ebfddb368"
        try await machine.wait(for: "the reload") {
            try await machine.journal(reloaded).count == 1
        }
        try await machine.configure(good + "brokr: 1\n")
        try await machine.run("systemctl reload tocsin")
        let refused = "MESSAGE_ID=397200a66d5b4cd8aeac501b5fbb66b1"
        try await machine.wait(for: "its refusal") {
            try await machine.journal(refused).count == 1
        }
        try await machine.wait(for: "READY=1") {
            try await machine.property("ActiveState") == "active"
        }
        let entries = try await machine.journal(refused)
        #expect(entries.count == 1)
        let text = try #require(entries.first?["MESSAGE"] as? String)
        #expect(text.contains("/etc/tocsin/tocsin.yaml:2:1: brokr: unknown key"), "\(text)")
        #expect(entries.first?["PRIORITY"] as? String == "3")
        // The good one goes on, in the same process.
        try await machine.run("mosquitto_pub -t plant/pump-1 -m '{\"flow\":1}'")
        try await machine.wait(for: "the message") {
            try await machine.run("tocsin status --json").contains(#""messages":1,"#)
        }
        #expect(try await machine.property("MainPID") == pid)
    }

    @Test func `a SIGKILL costs no device its state`() async throws {
        let machine = try machine
        try await machine.begin(
            configuration: """
                models: [{file: pump.safetensors}]
                intake: {shards: 3}
                state: {interval_seconds: 3600}

                """
        )
        let files = try await TrainedModel.files
        try await machine.push(files.model.path, to: "/etc/tocsin/pump.safetensors")
        try await machine.push(files.table.path, to: "/root/train.csv")
        try await machine.run(
            "(head -1 /root/train.csv; grep pump-1 /root/train.csv) > /root/a.csv"
        )
        try await machine.run("head -301 /root/a.csv > /root/first.csv")
        try await machine.run(
            "(head -1 /root/a.csv; tail -n +302 /root/a.csv | head -20) > /root/b.csv"
        )
        try await machine.start()
        try await machine.run("tocsin replay --data /root/first.csv --speed 0")
        let frames = { (state: [String: Any]) in state["frames"] as? Int ?? 0 }
        try await machine.wait(for: "300 frames") {
            frames(try await inspect("pump-1")) >= 299
        }
        let before = try await inspect("pump-1")
        #expect(before["warm"] as? Bool == true)
        // A memory file for each shard is all that there is of it.
        #expect(try await machine.property("NFileDescriptorStore") == "3")
        #expect(try await machine.run("ls /var/lib/private/tocsin") == "")
        let pid = try await machine.property("MainPID")
        try await machine.run("kill -KILL \(pid)")
        try await machine.wait(for: "another process") {
            let next = try await machine.property("MainPID")
            let state = try await machine.property("ActiveState")
            return next != pid && next != "0" && state == "active"
        }
        #expect(try await machine.property("NRestarts") == "1")
        #expect(try await machine.property("NFileDescriptorStore") == "3")
        let after = try await inspect("pump-1")
        #expect(after["warm"] as? Bool == true)
        for key in ["frames", "frames_since_reset", "resets", "score"] {
            #expect("\(after[key] ?? "")" == "\(before[key] ?? "")", "\(key)")
        }
        // An administrator's restart, and an upgrade's, costs nothing either.
        try await machine.run("systemctl restart tocsin")
        #expect(frames(try await inspect("pump-1")) == frames(before))
        try await machine.run("tocsin replay --data /root/b.csv --speed 0")
        try await machine.wait(for: "20 more") {
            frames(try await inspect("pump-1")) == frames(before) + 20
        }
        let end = try await inspect("pump-1")
        #expect(end["resets"] as? Int == 0)
        #expect(end["warm"] as? Bool == true)
    }

    @Test func `a process that stands still is killed by the watchdog and started again`()
        async throws
    {
        let machine = try machine
        try await machine.begin(unit: ["WatchdogSec=5"])
        try await machine.start()
        let pid = try await machine.property("MainPID")
        try await machine.run("kill -STOP \(pid)")
        try await expectWatchdog(pid)
    }

    @Test func `so is one of which a shard hangs, though its other threads live`() async throws {
        let machine = try machine
        try await machine.begin(unit: ["WatchdogSec=8"])
        try await machine.start()
        let pid = try await machine.property("MainPID")
        let hold = try HeldThread("shard 0", of: try await machine.process())
        // The process lives: its other threads answer that this one does not.
        let answer = try await machine.run("tocsin status 2>&1 || true")
        #expect(answer.contains("busy"), "\(answer)")
        try await expectWatchdog(pid)
        #expect(hold.waitForEnd())
    }

    @Test func `it stops within its time, though its broker hangs`() async throws {
        let machine = try machine
        try await machine.begin()
        try await machine.start()
        try await machine.run("systemctl kill --signal=STOP broker")
        try await machine.run("systemctl stop tocsin")
        try await machine.run("systemctl kill --signal=CONT broker")
        #expect(try await machine.property("Result") == "success")
        #expect(try await machine.property("ExecMainStatus") == "0")
        let state = try await machine.run("ls -l /var/lib/private/tocsin/")
        #expect(state.contains("-rw------- "), "\(state)")
    }

    @Test func `a bad configuration is not tried again`() async throws {
        let machine = try machine
        try await machine.begin(configuration: "brokr: 1\n")
        try await machine.run("systemctl start tocsin || true")
        try await machine.wait(for: "the end") {
            try await machine.property("ActiveState") == "failed"
        }
        #expect(try await machine.property("ExecMainStatus") == "78")
        #expect(try await machine.property("NRestarts") == "0")
        let journal = try await machine.run("journalctl -u tocsin --no-pager -n 20")
        #expect(journal.contains("brokr: unknown key"), "\(journal)")
    }

    @Test func `the journal has its fields, and the catalogue explains them`() async throws {
        let machine = try machine
        try await machine.begin()
        try await machine.start()
        try await machine.run("mosquitto_pub -t sensors/pump-1 -m '{\"flow\":'")
        let skipped = "MESSAGE_ID=ca8d08c5e73c40c0accd70f960e17599"
        try await machine.wait(for: "the entry") { try await machine.journal(skipped).count == 1 }
        let fields = try #require(try await machine.journal(skipped).first)
            .compactMapValues { $0 as? String }
        let pid = try await machine.property("MainPID")
        for (name, value) in [
            "MESSAGE": "'sensors/pump-1': not JSON, at byte 8, skipping", "PRIORITY": "4",
            "TOCSIN_TOPIC": "sensors/pump-1", "TOCSIN_REASON": "not JSON, at byte 8",
            "SYSLOG_IDENTIFIER": "tocsin", "_TRANSPORT": "journal", "_PID": pid,
            "_SYSTEMD_UNIT": "tocsin.service",
        ] {
            #expect(fields[name] == value, "\(name)")
        }
        #expect(fields["CODE_FILE"]?.isEmpty == false)
        let explained = try await machine.run("journalctl -x -u tocsin --no-pager \(skipped)")
        #expect(explained.contains("Subject: A message was skipped"), "\(explained)")
        #expect(explained.contains("mosquitto_sub -v -t TOPIC"), "\(explained)")
    }

    private func expectWatchdog(_ pid: String) async throws {
        let machine = try machine
        try await machine.wait(for: "another process") {
            let next = try await machine.property("MainPID")
            let state = try await machine.property("ActiveState")
            return next != pid && next != "0" && state == "active"
        }
        let journal = try await machine.run("journalctl -u tocsin --no-pager")
        #expect(journal.contains("Watchdog timeout"), "\(journal)")
        #expect(journal.contains("Failed with result 'watchdog'"), "\(journal)")
        #expect(try await machine.run("tocsin status").contains("connected"))
    }

    private func inspect(_ device: String) async throws -> [String: Any] {
        let text = try await machine.run("tocsin inspect \(device) --json || echo '{}'")
        return try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
    }
}
