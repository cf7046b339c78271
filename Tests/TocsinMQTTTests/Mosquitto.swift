import Foundation
import Synchronization
import Testing

/// A broker of the test's own, on a port of its own.
///
/// Stopped by ``stop()``, or at the latest when the last reference goes.
final class Mosquitto: Sendable {
    let port: Int
    let directory: URL
    private let configuration: URL
    private let process = Mutex<Process?>(nil)

    static let executable: String? = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"]
        .first(where: FileManager.default.isExecutableFile(atPath:))

    static var isInstalled: Bool { executable != nil }

    /// - Parameters:
    ///   - listener: lines that belong to the one listener
    ///   - prepare: writes files into the directory, and returns more lines
    init(
        listener: [String] = [],
        allowsAnonymous: Bool = true,
        isStarted: Bool = true,
        prepare: (URL) throws -> [String] = { _ in [] }
    ) async throws {
        port = try freePort()
        directory = try temporaryDirectory()
        configuration = directory.appendingPathComponent("mosquitto.conf")
        let lines =
            ["listener \(port) 127.0.0.1"] + listener
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

    /// Starts it, and waits until it listens.
    func start() async throws {
        let log = directory.appendingPathComponent("log")
        if !FileManager.default.fileExists(atPath: log.path) {
            try Data().write(to: log)
        }
        let output = try FileHandle(forWritingTo: log)
        output.seekToEndOfFile()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(Self.executable))
        process.arguments = ["-c", configuration.path]
        process.standardOutput = output
        process.standardError = output
        try runUnmasked(process)
        self.process.withLock { $0 = process }
        let deadline = ContinuousClock.now + .seconds(20)
        // It does not say when it listens; the only way to know is to ask.
        while !accepts(port: port) {
            guard process.isRunning, ContinuousClock.now < deadline else {
                throw MosquittoFailure(log: self.log)
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Kills it, and waits until it is gone.
    func stop() {
        signal(SIGKILL)
        process.withLock { process in
            process?.waitUntilExit()
            process = nil
        }
    }

    /// Stops it from running, with its sockets open.
    func pause() { signal(SIGSTOP) }

    func resume() { signal(SIGCONT) }

    /// Has it write its sessions down, with `persistence_location` in ``directory``.
    func saveSessions() async throws {
        signal(SIGUSR1)
        let deadline = ContinuousClock.now + .seconds(20)
        // Renamed to this when it is complete.
        let file = directory.appendingPathComponent("mosquitto.db").path
        while !FileManager.default.fileExists(atPath: file) {
            try #require(ContinuousClock.now < deadline, "mosquitto never saved its sessions")
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    var log: String {
        (try? String(contentsOf: directory.appendingPathComponent("log"), encoding: .utf8)) ?? ""
    }

    private func signal(_ number: Int32) {
        process.withLock { process in
            guard let process, process.isRunning else { return }
            kill(process.processIdentifier, number)
        }
    }
}

/// Starts a process that signals can reach.
///
/// A child inherits the signal mask of the thread that starts it, and tests run on threads that block
/// all signals.
private func runUnmasked(_ process: Process) throws {
    var none = sigset_t()
    var mask = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &mask)
    defer { pthread_sigmask(SIG_SETMASK, &mask, nil) }
    try process.run()
}

struct MosquittoFailure: Error, CustomStringConvertible {
    let log: String
    var description: String { "mosquitto did not start: \(log)" }
}

/// A new, empty directory.
func temporaryDirectory() throws -> URL {
    let directory = FileManager.default.temporaryDirectory
        .appendingPathComponent("tocsin-mqtt-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    return directory
}

/// Runs a program to its end.
func run(_ program: String, _ arguments: [String], in directory: URL) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.currentDirectoryURL = directory
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "\(program) \(arguments.joined(separator: " "))")
}
