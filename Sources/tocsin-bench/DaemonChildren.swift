import FoundationEssentials
import Glibc
import Synchronization
import TocsinThreads

/// The programs that a measurement has started, and the folder they work in: gone when it ends.
///
/// Also when a signal ends it: ``Signals/block()`` must have been called.
final class DaemonChildren: Sendable {
    /// Where everything lies.
    let folder: String
    private let running = Mutex<[pid_t]>([])

    /// An empty folder, and nothing running.
    init() throws {
        let parent = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
        var template = Array("\(parent)/tocsin-bench.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw DaemonBenchError("no temporary folder") }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        try DedicatedThread.start("signals") { [self] in
            let number = Signals.next()
            end()
            exit(128 + number)
        }
    }

    /// Starts a program; its output goes into a file of the folder, `name.log`.
    func start(_ name: String, _ program: String, _ arguments: [String]) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let log = "\(folder)/\(name).log"
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let environment = ["PATH=/usr/bin:/bin", "TOCSIN_LOG=stderr"]
        var words = ([program] + arguments).map { strdup($0) } + [nil]
        var variables = environment.map { strdup($0) } + [nil]
        defer { for word in words + variables { free(word) } }
        // Nothing is started while everything is being ended.
        return try running.withLock { running in
            var pid: pid_t = 0
            let code = posix_spawn(&pid, program, &actions, &attributes, &words, &variables)
            guard code == 0 else {
                throw DaemonBenchError("\(program): \(String(cString: strerror(code)))")
            }
            running.append(pid)
            return pid
        }
    }

    /// Waits for the end of a program; false if it was no good one.
    func wait(_ pid: pid_t) -> Bool {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        running.withLock { $0.removeAll { $0 == pid } }
        return status == 0
    }

    /// Whether a program still runs.
    func isRunning(_ pid: pid_t) -> Bool { waitpid(pid, nil, WNOHANG) == 0 }

    /// What a program said.
    func log(_ name: String) -> String {
        guard let file = fopen("\(folder)/\(name).log", "r") else { return "" }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 4_000)
        let count = fread(&buffer, 1, buffer.count, file)
        return String(decoding: buffer[..<count], as: UTF8.self)
    }

    /// Ends every program, waits until they are gone, and removes the folder.
    func end() {
        running.withLock { running in
            for pid in running { kill(pid, SIGKILL) }
            for pid in running { while waitpid(pid, nil, 0) < 0, errno == EINTR {} }
            running.removeAll()
        }
        try? FileManager.default.removeItem(atPath: folder)
    }
}

/// Why nothing could be measured.
struct DaemonBenchError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
