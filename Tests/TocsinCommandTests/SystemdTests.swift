import Foundation
import Testing
import TocsinTestSupport

/// The unit under a real systemd, in a container made of this machine's own files.
struct SystemdTests {
    private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    private static let tool = repository.appendingPathComponent("tools/boot-systemd.sh").path

    private static var canBoot: Bool {
        // In a bare chroot there are no control groups, and nspawn will not start.
        getuid() == 0 && FileManager.default.fileExists(atPath: "/sys/fs/cgroup")
            && ((try? FileManager.default.contentsOfDirectory(atPath: "/sys/fs/cgroup")) ?? [])
                != []
            && ["/usr/bin/systemd-nspawn", "/usr/sbin/mosquitto", "/usr/bin/bc"]
                .allSatisfy(FileManager.default.isExecutableFile(atPath:))
    }

    @Test(
        .enabled(if: canBoot, "needs root, control groups, systemd-nspawn, bc and mosquitto"),
        .timeLimit(.minutes(3))
    )
    func `systemd starts it, reloads it, starts it again when it dies, and stops it`() async throws
    {
        let machine = try await Machine(tool: Self.tool)
        do {
            try await exercise(machine)
        } catch {
            await machine.halt()
            throw error
        }
        await machine.halt()
    }

    private func exercise(_ machine: Machine) async throws {
        let root = Self.repository
        // As a package would put them.
        try await machine.push(BuiltBinary.path, to: "/usr/bin/tocsin", mode: "755")
        for (file, place) in [
            ("systemd/tocsin.service", "/etc/systemd/system/tocsin.service"),
            ("systemd/tocsin.catalog", "/usr/lib/systemd/catalog/tocsin.catalog"),
            ("config/tocsin.yaml", "/etc/tocsin/tocsin.yaml"),
        ] {
            try await machine.push(root.appendingPathComponent(file).path, to: place, mode: "644")
        }
        try await machine.run("systemctl daemon-reload")
        try await machine.run("systemctl start --no-block tocsin")
        // No broker yet: not ready, and patient.
        try await machine.wait(for: "waiting") {
            try await machine.run("systemctl status --no-pager tocsin || true")
                .contains("Status: \"no connection to the broker")
        }
        #expect(try await machine.property("ActiveState") == "activating")
        try await machine.run("mosquitto -d -p 1883")
        try await machine.wait(for: "READY=1") {
            try await machine.property("ActiveState") == "active"
        }
        #expect(try await machine.property("StatusText").hasPrefix("0 devices, 0 alerts raised"))
        let status = try await machine.run("tocsin status")
        #expect(status.contains("connected"), "\(status)")

        try await machine.run("systemctl reload tocsin")
        try await machine.wait(for: "reload") {
            try await machine.run("journalctl -t tocsin --no-pager").contains(
                "configuration reloaded"
            )
        }
        try await machine.wait(for: "READY=1") {
            try await machine.property("ActiveState") == "active"
        }

        let before = try await machine.property("MainPID")
        try await machine.run("kill -KILL \(before)")
        try await machine.wait(for: "another process") {
            let pid = try await machine.property("MainPID")
            let state = try await machine.property("ActiveState")
            return pid != before && pid != "0" && state == "active"
        }
        #expect(try await machine.property("NRestarts") == "1")

        try await machine.run("systemctl stop tocsin")
        #expect(try await machine.property("Result") == "success")
        #expect(try await machine.property("ExecMainStatus") == "0")
        let state = try await machine.run("ls -l /var/lib/private/tocsin/")
        #expect(state.contains("-rw------- "), "\(state)")

        // A bad configuration is not tried again.
        try await machine.run("echo 'brokr: 1' >> /etc/tocsin/tocsin.yaml")
        try await machine.run("systemctl start tocsin || true")
        #expect(try await machine.property("ExecMainStatus") == "78")
        #expect(try await machine.property("NRestarts") == "0")
        let journal = try await machine.run("journalctl -u tocsin --no-pager -n 20")
        #expect(journal.contains("brokr: unknown key"), "\(journal)")
    }
}

/// A container with systemd in it.
private struct Machine {
    private let tool: String
    private let name = "tocsin-\(UUID().uuidString.prefix(8).lowercased())"
    private let folder: TemporaryFolder

    init(tool: String) async throws {
        self.tool = tool
        folder = try TemporaryFolder()
        _ = try await call(["boot", "host", name])
    }

    func halt() async {
        _ = try? await call(["halt", name])
    }

    func push(_ file: String, to place: String, mode: String) async throws {
        _ = try await call(["push", name, file, place, mode])
    }

    @discardableResult
    func run(_ line: String) async throws -> String {
        try await call(["exec", name, "bash", "-c", line])
    }

    func property(_ name: String) async throws -> String {
        let text = try await run("systemctl show -p \(name) --value tocsin")
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func wait(for what: String, until isSo: () async throws -> Bool) async throws {
        do {
            try await eventually(what, within: .seconds(40), isSo)
        } catch {
            let journal = try await run(
                "journalctl -u tocsin --no-pager -n 30; systemctl status tocsin --no-pager || true"
            )
            throw WaitedInVain(what: what, detail: journal)
        }
    }

    private func call(_ arguments: [String]) async throws -> String {
        let program = try RunningProgram(
            tool,
            arguments,
            environment: RunningProgram.environment.merging(["BOOT_DIR": folder.url.path]) { $1 }
        )
        guard try await program.wait(within: .seconds(90)) == 0 else {
            throw WaitedInVain(
                what: "a good end of \(arguments)",
                detail: program.standardOutput + program.standardError
            )
        }
        return program.standardOutput
    }
}
