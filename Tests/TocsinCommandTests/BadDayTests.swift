import Foundation
import Testing
import TocsinTestSupport

/// Days on which something else goes wrong: the disk, the descriptors, the socket.
@Suite(.enabled(if: Mosquitto.isInstalled, "mosquitto is not installed"))
struct BadDayTests {
    /// Whether folders can be mounted that nobody else sees.
    private static let canMount: Bool = {
        guard getuid() == 0, let program = try? RunningProgram(unshare, ["--mount", "/bin/true"])
        else { return false }
        return program.end() == 0
    }()
    private static let unshare = "/usr/bin/unshare"

    /// What is the matter with the disk.
    enum Disk: String, CaseIterable {
        case full = "No space left on device"
        case readOnly = "Read-only file system"
        case limited = "File too large"
    }

    @Test(
        .enabled(if: canMount, "needs root and unshare"),
        arguments: Disk.allCases
    )
    func `a disk that takes nothing is said, the state before is kept, and scoring goes on`(
        _ disk: Disk
    ) async throws {
        let broker = try await Mosquitto()
        // The state's folder is a small disk that only the daemon sees.
        let daemon = try RunningDaemon(
            broker: broker.url,
            prefix: [Self.unshare, "--mount", "--propagation", "private"]
                + RunningDaemon.prefix(
                    "mkdir -p disk && mount -t tmpfs -o size=1m tmpfs disk && exec \"$@\""
                ),
            configuration: """
                models: [{file: "\(try await TrainedModel.files.model.path)"}]
                state: {directory: disk, interval_seconds: 1}

                """
        )
        let program = try await daemon.startAndWait()
        let client = try await TestClient(broker)
        var sample = 0
        func send() async throws {
            try await client.publish(
                "sensors/pump-1",
                #"{"time":\#(1_767_225_600 + 30 * sample),"flow":30,"pressure":2}"#
            )
            sample += 1
        }
        for _ in 0..<5 { try await send() }
        let folder = "/proc/\(program.pid)/root\(daemon.folder.path("disk"))"
        func saved() throws -> [String: Data] {
            var files: [String: Data] = [:]
            for name in try FileManager.default.contentsOfDirectory(atPath: folder)
            where name != "fill" {
                files[name] = FileManager.default.contents(atPath: "\(folder)/\(name)")
            }
            return files
        }
        try await eventually("a saved state", detail: { program.standardError }) {
            try saved()["state"]?.isEmpty == false
        }
        func inside(_ command: String) throws {
            let line = ["-m", "-t", "\(program.pid)", "/bin/sh", "-c", command]
            try run("/usr/bin/nsenter", line, in: daemon.folder.url)
        }
        let path = daemon.folder.path("disk")
        switch disk {
        case .full: try inside("cat /dev/zero > \(path)/fill 2>/dev/null; test -s \(path)/fill")
        case .readOnly: try inside("mount -o remount,ro \(path)")
        case .limited:
            try run(
                "/usr/bin/prlimit",
                ["--pid", "\(program.pid)", "--fsize=2000:"],
                in: daemon.folder.url
            )
        }
        let before = try saved()
        for _ in 0..<5 { try await send() }
        try await program.wait(toSay: "state not saved: '")
        let line = try #require(program.errorLines.first { $0.contains("state not saved") })
        #expect(line.hasPrefix("error: ") && line.contains(disk.rawValue), "\(line)")
        // Everything but saving goes on, and what was saved is as it was.
        try await daemon.wait(for: "the frames") { ($0["messages"] as? Int ?? 0) == sample }
        #expect(try saved() == before)
        // A second later it is tried again, and not said again.
        try await Task.sleep(for: .seconds(2))
        #expect(program.errorLines.count { $0.contains("state not saved") } == 1)

        switch disk {
        case .full: try inside("rm \(path)/fill")
        case .readOnly: try inside("mount -o remount,rw \(path)")
        case .limited:
            try run(
                "/usr/bin/prlimit",
                ["--pid", "\(program.pid)", "--fsize=unlimited:"],
                in: daemon.folder.url
            )
        }
        try await eventually("a new state", detail: { program.standardError }) {
            try saved() != before
        }
        #expect(try await daemon.stop() == 0)
    }

    @Test func `without a free descriptor it goes on, and says so once`() async throws {
        let broker = try await Mosquitto()
        let model = try await TrainedModel.files.model.path
        let daemon = try RunningDaemon(
            broker: broker.url,
            configuration: """
                models: [{file: "\(model)"}]
                state: {interval_seconds: 1}

                """
        )
        let program = try await daemon.startAndWait()
        let client = try await TestClient(broker)
        // Nothing that is open is closed, nothing more can be opened.
        func limit(_ count: String) throws {
            let line = ["--pid", "\(program.pid)", "--nofile=\(count):"]
            try run("/usr/bin/prlimit", line, in: daemon.folder.url)
        }
        try limit("3")
        let askers = (0..<6).map { _ in connectedSocket(path: daemon.socket) }
        defer { for asker in askers { close(asker) } }
        try await program.wait(toSay: "control socket: accept: Too many open files")
        program.signal(SIGHUP)
        try await program.wait(toSay: "configuration not reloaded: ")
        try await program.wait(toSay: "state not saved: ")
        for sample in 0..<5 {
            try await client.publish(
                "sensors/pump-1",
                #"{"time":\#(1_767_225_600 + 30 * sample),"flow":30,"pressure":2}"#
            )
        }
        try await client.publish("sensors/pump-1", #"{"time":1767225950,"flow":30,"pressure":2}"#)
        try await client.wait(for: "scores") { _ in
            client.messages("tocsin/devices/pump-1/score").count >= 4
        }
        #expect(program.errorLines.count { $0.contains("control socket") } == 1)
        try limit("1024")
        try await daemon.wait(for: "an answer") { $0["messages"] as? Int == 6 }
        #expect(try await daemon.stop() == 0)
    }

    @Test func `clients that say nothing keep nobody from asking`() async throws {
        let broker = try await Mosquitto()
        let daemon = try RunningDaemon(broker: broker.url)
        let program = try await daemon.startAndWait()
        var silent: [Int32] = []
        defer { for client in silent { close(client) } }
        for _ in 0..<4 {
            for _ in 0..<50 { silent.append(connectedSocket(path: daemon.socket)) }
            #expect(try await daemon.status()["connected"] as? Bool == true)
        }
        let entries = program.errorLines.filter { $0.contains("control socket") }
        #expect(entries.count == 1, "\(entries)")
        #expect(entries.first?.contains("16 clients ask nothing, turning the oldest away") == true)
        #expect(try await daemon.stop() == 0)
    }

    @Test func `a file where the control socket should be is left alone`() async throws {
        let broker = try await Mosquitto()
        let daemon = try RunningDaemon(
            broker: broker.url,
            configuration: "control: {socket: precious}\n"
        )
        try daemon.folder.write("precious", to: "precious")
        let program = try await daemon.startAndWait()
        #expect(program.standardError.contains("no control socket: "), "\(program.standardError)")
        #expect(program.standardError.contains("File exists, going on without"))
        #expect(try await daemon.stop() == 0)
        let left = try String(contentsOfFile: daemon.folder.path("precious"), encoding: .utf8)
        #expect(left == "precious")
    }
}
