import Foundation
import Synchronization

/// A `tocsin run` of the test's own, with a folder and a service manager of its own.
///
/// Its configuration names a state folder and a control socket in that folder; the test adds the rest.
public final class RunningDaemon: Sendable {
    public let folder: TemporaryFolder
    public let manager: NotifySocket
    private let environment: [String: String]
    private let prefix: [String]
    private let current = Mutex<RunningProgram?>(nil)

    /// A daemon that is not started yet.
    ///
    /// - Parameters:
    ///   - broker: where it connects to
    ///   - prefix: what stands before its command, if it runs on a host of its own
    ///   - configuration: YAML besides `state` and `control`; `broker` is written if it is not in it
    public init(
        broker: String,
        prefix: [String] = [],
        configuration: String = "",
        environment: [String: String] = [:]
    ) throws {
        folder = try TemporaryFolder()
        manager = try NotifySocket()
        self.prefix = prefix
        self.environment = [
            "NOTIFY_SOCKET": manager.path,
            "RUNTIME_DIRECTORY": folder.url.path,
            "STATE_DIRECTORY": folder.url.path,
            "TOCSIN_LOG": "stderr",
        ].merging(environment) { $1 }
        try configure(
            configuration.contains("broker:")
                ? configuration : "broker:\n  address: \(broker)\n" + configuration
        )
    }

    /// A prefix that runs a line of shell in the daemon's folder; it ends in becoming what follows, by
    /// `exec "$@"`: that is the shell's path, `-c`, a script, and the daemon's command.
    public static func prefix(_ line: String) -> [String] {
        // The last of the command's words is the path of the configuration.
        ["/bin/sh", "-c", "cd \"$(dirname \"$7\")\" && \(line)", "sh"]
    }

    /// Writes its configuration.
    public func configure(_ text: String) throws {
        try folder.write(text, to: "tocsin.yaml")
    }

    /// The path of its control socket.
    public var socket: String { folder.path("tocsin.sock") }

    /// The program that was started last.
    public var program: RunningProgram {
        get throws {
            guard let program = current.withLock(\.self) else {
                throw WaitedInVain(what: "a daemon", detail: "it was never started")
            }
            return program
        }
    }

    /// Starts it.
    @discardableResult
    public func start() throws -> RunningProgram {
        let stored = manager.stored
        let command = [BuiltBinary.path, "run", "--config", folder.path("tocsin.yaml")]
        var environment = RunningProgram.environment.merging(environment) { $1 }
        if !stored.isEmpty {
            environment["LISTEN_FDS"] = "\(stored.count)"
            environment["LISTEN_FDNAMES"] = stored.map(\.name).joined(separator: ":")
        }
        // Only the process itself knows its number, which sd_listen_fds(3) asks for.
        let shell = prefix + ["/bin/sh", "-c", "LISTEN_PID=$$ exec \"$0\" \"$@\""]
        let program = try RunningProgram(
            shell[0],
            shell.dropFirst() + command,
            environment: environment,
            descriptors: stored.map(\.descriptor)
        )
        current.withLock { $0 = program }
        return program
    }

    /// Starts it, and waits until it says that it is ready.
    @discardableResult
    public func startAndWait() async throws -> RunningProgram {
        let before = manager.count("READY=1")
        let program = try start()
        try await eventually("READY=1", detail: { program.standardError }) {
            manager.count("READY=1") > before || !program.isRunning
        }
        guard program.isRunning else {
            throw WaitedInVain(what: "READY=1, but it ended", detail: program.standardError)
        }
        return program
    }

    /// Stops it as systemd does, and returns its exit code.
    @discardableResult
    public func stop(within limit: Duration = .seconds(30)) async throws -> Int32 {
        manager.drain()
        try program.signal(SIGTERM)
        return try await program.wait(within: limit)
    }

    /// Asks it, by `tocsin status --json`; a dictionary as it came.
    public func status() async throws -> [String: Any] {
        let outcome = try await BuiltBinary.run(["status", "--json", "--socket", socket])
        guard outcome.code == 0,
            let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
                as? [String: Any]
        else { throw WaitedInVain(what: "an answer", detail: outcome.output + outcome.error) }
        return object
    }

    /// Waits until its status is as wanted.
    public func wait(
        for what: String,
        within limit: Duration = .seconds(30),
        until isWanted: ([String: Any]) -> Bool
    ) async throws {
        try await eventually(what, within: limit) { isWanted(try await status()) }
    }
}
