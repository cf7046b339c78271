import Foundation
import Testing
import TocsinMQTT
import TocsinTestSupport

/// What the daemon keeps to itself, and what nobody can make it do.
@Suite(.enabled(if: Mosquitto.isInstalled, "mosquitto is not installed"))
struct PrivilegeTests {
    /// Long enough for no accident, and not in the test's own command lines.
    private static let secret = "Quisquilien-4711-\(getpid())"

    /// Becomes a user without privileges, if it is not one already.
    private static let asNobody =
        getuid() == 0
        ? ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : []
    private static let canBecomeNobody =
        getuid() != 0 || FileManager.default.isExecutableFile(atPath: "/usr/bin/setpriv")

    @Test func `the password appears nowhere but at the broker`() async throws {
        let files = try TemporaryFolder()
        let passwords = try files.write("tocsin:\(Self.secret)\n", to: "passwords")
        try run("/usr/bin/mosquitto_passwd", ["-U", passwords], in: files.url)
        let broker = try await Mosquitto(allowsAnonymous: false) { _ in
            ["password_file \(passwords)"]
        }
        let credentials = try TemporaryFolder()
        try credentials.write(Self.secret + "\n", to: "mqtt-password")
        let text = "broker: {address: \"\(broker.url)\", username: tocsin}\n"
        let daemon = try RunningDaemon(
            broker: "",
            configuration: text + "state: {interval_seconds: 1}\n",
            environment: ["CREDENTIALS_DIRECTORY": credentials.url.path]
        )
        let program = try await daemon.startAndWait()
        let client = try await TestClient(
            .tcp(host: "127.0.0.1", port: broker.port),
            username: "tocsin",
            password: Self.secret
        )
        // A file that is wrong in just that place.
        try daemon.configure(text + "password: \(Self.secret)\n")
        program.signal(SIGHUP)
        try await program.wait(toSay: "configuration not reloaded")
        try daemon.configure("broker: {address: \"mqtt://tocsin:\(Self.secret)@localhost\"}\n")
        program.signal(SIGHUP)
        try await program.wait(toSay: "configuration not reloaded", count: 2)
        broker.stop()
        try await program.wait(toSay: "no connection to")
        try await broker.start()
        try await program.wait(toSay: "connected to", count: 2)

        var seen = program.standardError
        seen += daemon.manager.assignments.joined(separator: "\n")
        for line in [["status"], ["status", "--json"], ["inspect", "x"]] {
            let outcome = try await BuiltBinary.run(line + ["--socket", daemon.socket])
            seen += outcome.output + outcome.error
        }
        let check = try await BuiltBinary.run(
            ["check", "--config", daemon.folder.path("tocsin.yaml")]
        )
        #expect(check.code == 78)
        seen += check.output + check.error
        for file in ["cmdline", "environ"] {
            // Not everybody may read the environment; then nobody can find anything in it.
            seen += String(
                decoding: FileManager.default.contents(atPath: "/proc/\(program.pid)/\(file)")
                    ?? Data(),
                as: UTF8.self
            )
        }
        seen += client.messages.map { $0.topic + $0.payload }.joined()
        #expect(try await daemon.stop() == 0)
        seen += program.standardError
        for name in try FileManager.default.contentsOfDirectory(atPath: daemon.folder.url.path)
        where name != "tocsin.yaml" {
            let content = FileManager.default.contents(atPath: daemon.folder.path(name)) ?? Data()
            seen += String(decoding: content, as: UTF8.self)
        }
        #expect(seen.contains("connected to"))
        #expect(!seen.contains(Self.secret))
    }

    @Test(.enabled(if: canBecomeNobody, "needs setpriv"))
    func `no process of the same user can look into it`() async throws {
        let broker = try await Mosquitto()
        let daemon = try await nobodysDaemon(broker)
        let program = try await daemon.startAndWait()
        func canLookInto(_ pid: Int32) throws -> Bool {
            let line = Self.asNobody + ["/usr/bin/head", "-c", "1", "/proc/\(pid)/maps"]
            return try RunningProgram(line[0], Array(line[1...])).end() == 0
        }
        let other = Self.asNobody + ["/bin/sleep", "60"]
        let usual = try RunningProgram(other[0], Array(other[1...]))
        try await eventually("another process to be looked into") { try canLookInto(usual.pid) }
        #expect(try !canLookInto(program.pid))
        usual.kill()
        #expect(try await daemon.stop() == 0)
    }

    /// Whether a core would be written into the working folder.
    private static let coresAreFiles =
        (try? String(contentsOfFile: "/proc/sys/kernel/core_pattern", encoding: .utf8))?
        .first.map { $0 != "|" && $0 != "/" } ?? false

    @Test(.enabled(if: coresAreFiles, "cores go elsewhere here"))
    func `its death leaves no core, whatever the limits say`() async throws {
        let script = "ulimit -c unlimited && exec \"$@\""
        let folder = try TemporaryFolder()
        func cores(_ folder: TemporaryFolder) throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
                .filter { $0.hasPrefix("core") }
        }
        let usual = try RunningProgram(
            "/bin/sh",
            ["-c", script, "sh", "/bin/sleep", "60"],
            in: folder.url
        )
        try await eventually("sleep") {
            try String(contentsOfFile: "/proc/\(usual.pid)/comm", encoding: .utf8) == "sleep\n"
        }
        usual.signal(SIGABRT)
        try await usual.wait()
        try #require(!cores(folder).isEmpty, "not even another program leaves a core")

        let broker = try await Mosquitto()
        let daemon = try RunningDaemon(
            broker: broker.url,
            prefix: RunningDaemon.prefix(script)
        )
        let program = try await daemon.startAndWait()
        program.signal(SIGABRT)
        #expect(try await program.wait() == -SIGABRT)
        #expect(try cores(daemon.folder) == [])
    }

    @Test(.enabled(if: canBecomeNobody, "needs setpriv"))
    func `only its user and its group may ask it`() async throws {
        let broker = try await Mosquitto()
        // With a mask that takes nothing away.
        let daemon = try RunningDaemon(
            broker: broker.url,
            prefix: RunningDaemon.prefix("umask 0 && exec \"$@\"")
        )
        try await daemon.startAndWait()
        let found = try FileManager.default.attributesOfItem(atPath: daemon.socket)
        #expect(found[.posixPermissions] as? Int == 0o660)
        #expect(found[.ownerAccountID] as? UInt32 == getuid())
        #expect(found[.groupOwnerAccountID] as? UInt32 == getgid())
        if getuid() == 0 {
            let reader = try RunningProgram(
                Self.asNobody[0],
                Self.asNobody[1...] + ["/usr/bin/test", "-w", daemon.socket]
            )
            #expect(reader.end() == 1)
        }
        #expect(try await daemon.stop() == 0)
    }

    @Test func `there are no command topics: nothing under its own prefix is read`() async throws {
        let broker = try await Mosquitto()
        let daemon = try RunningDaemon(broker: broker.url)
        let program = try await daemon.startAndWait()
        let client = try await TestClient(broker)
        let topics = [
            "command", "cmd", "reload", "stop", "set", "config", "status/set", "health", "alerts",
            "devices/pump-1/reset", "devices/pump-1/set", "devices/pump-1/score",
            "devices/pump-1/alert/anomaly", "devices/pump-1/train", "$command",
        ]
        for topic in topics {
            for payload in ["", "1", "reload", "stop", #"{"command":"stop"}"#] {
                try await client.publish("tocsin/\(topic)", payload)
            }
        }
        // In order on one connection: when this has been counted, all of that has been seen.
        try await client.publish("sensors/pump-1", #"{"a":1}"#)
        try await daemon.wait(for: "the message") { ($0["messages"] as? Int ?? 0) > 0 }
        let status = try await daemon.status()
        #expect(status["messages"] as? Int == 1)
        #expect(status["devices"] as? Int == 0)
        let lines = program.errorLines.map { String($0.prefix(24)) }
        #expect(
            lines == [
                "notice: connected to 127", "notice: subscribed; 0 mo", "warning: pump-1: no mode",
            ]
        )
        #expect(daemon.manager.count("READY=1") == 1)
        #expect(daemon.manager.count("RELOADING=1") == 0)
        #expect(try await daemon.stop() == 0)
    }

    /// A daemon that runs as somebody without privileges.
    private func nobodysDaemon(_ broker: Mosquitto) async throws -> RunningDaemon {
        let become = Self.asNobody.joined(separator: " ")
        let daemon = try RunningDaemon(
            broker: broker.url,
            prefix: RunningDaemon.prefix("shift 4 && exec \(become) ./tocsin \"$@\"")
        )
        // The one that was built may lie where only its owner gets at it.
        let program = daemon.folder.path("tocsin")
        try FileManager.default.copyItem(atPath: BuiltBinary.path, toPath: program)
        let mailbox = URL(fileURLWithPath: daemon.manager.path)
        for (path, mode) in [
            (program, 0o755), (daemon.folder.url.path, 0o777),
            (daemon.folder.path("tocsin.yaml"), 0o644), (mailbox.path, 0o777),
            (mailbox.deletingLastPathComponent().path, 0o755),
        ] {
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        }
        return daemon
    }
}
