public import Foundation
import Synchronization

/// A broker of the test's own, on a port of its own.
///
/// Stopped by ``stop()``, or at the latest when the last reference goes.
public final class Mosquitto: Sendable {
    public let port: Int
    public let directory: URL
    private let configuration: URL
    /// What stands before the command that starts it.
    private let prefix: [String]
    /// A socket in the file system, besides the port; where a test talks to one on another host.
    private let socket: String?
    private let process = Mutex<RunningProgram?>(nil)

    private static let executable: String? = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"]
        .first(where: FileManager.default.isExecutableFile(atPath:))

    public static var isInstalled: Bool { executable != nil }

    /// - Parameters:
    ///   - host: the address that it listens on
    ///   - prefix: what stands before its command, if it runs on a host of its own
    ///   - hasSocket: whether it listens on ``socketPath`` as well
    ///   - listener: lines that belong to the one listener
    ///   - prepare: writes files into the directory, and returns more lines
    public init(
        host: String = "127.0.0.1",
        prefix: [String] = [],
        hasSocket: Bool = false,
        listener: [String] = [],
        allowsAnonymous: Bool = true,
        isStarted: Bool = true,
        prepare: (URL) throws -> [String] = { _ in [] }
    ) async throws {
        port = try freePort()
        directory = try temporaryDirectory()
        configuration = directory.appendingPathComponent("mosquitto.conf")
        self.prefix = prefix
        socket = hasSocket ? directory.appendingPathComponent("mqtt.sock").path : nil
        let lines =
            ["listener \(port) \(host)"] + listener + (socket.map { ["listener 0 \($0)"] } ?? [])
            + ["allow_anonymous \(allowsAnonymous)", "log_type all", "max_inflight_messages 20"]
            // Otherwise it becomes another user, who cannot read this directory.
            + (getuid() == 0 ? ["user root"] : []) + (try prepare(directory))
        try (lines.joined(separator: "\n") + "\n")
            .write(to: configuration, atomically: true, encoding: .utf8)
        if isStarted { try await start() }
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(at: directory)
    }

    /// Where it listens, as tocsin's configuration wants it.
    public var url: String { "mqtt://127.0.0.1:\(port)" }

    /// The path of its socket in the file system, if it has one.
    public var socketPath: String? { socket }

    /// Starts it, and waits until it listens.
    public func start() async throws {
        guard let executable = Self.executable else { throw MosquittoFailure(log: "not installed") }
        let words = prefix + [executable, "-c", configuration.path]
        let process = try RunningProgram(
            words[0],
            Array(words.dropFirst()),
            error: directory.appendingPathComponent("log")
        )
        self.process.withLock { $0 = process }
        let deadline = ContinuousClock.now + .seconds(20)
        // It does not say when it listens; the only way to know is to ask.
        while !isListening {
            guard process.isRunning, ContinuousClock.now < deadline else {
                throw MosquittoFailure(log: self.log)
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    private var isListening: Bool {
        guard let socket else { return accepts(port: port) }
        let descriptor = connectedSocket(path: socket)
        guard descriptor >= 0 else { return false }
        close(descriptor)
        return true
    }

    /// Kills it, and waits until it is gone.
    public func stop() {
        process.withLock { process in
            process?.kill()
            process = nil
        }
    }

    /// Stops it from running, with its sockets open.
    public func pause() { signal(SIGSTOP) }

    public func resume() { signal(SIGCONT) }

    /// Has it read its configuration and access lists again.
    public func reload() { signal(SIGHUP) }

    /// Has it write its sessions down, with `persistence_location` in ``directory``.
    public func saveSessions() async throws {
        signal(SIGUSR1)
        // Renamed to this when it is complete.
        let file = directory.appendingPathComponent("mosquitto.db").path
        try await eventually("mosquitto saves its sessions") {
            FileManager.default.fileExists(atPath: file)
        }
    }

    public var log: String {
        (try? String(contentsOf: directory.appendingPathComponent("log"), encoding: .utf8)) ?? ""
    }

    private func signal(_ number: Int32) {
        process.withLock { $0?.signal(number) }
    }
}

public struct MosquittoFailure: Error, CustomStringConvertible {
    let log: String
    public var description: String { "mosquitto did not start: \(log)" }
}
