import CLinux
public import Foundation
import Synchronization

/// A program that a test has started, and that ends with the test at the latest.
///
/// It meets signals as if a shell had started it (tests run on threads that block all of them, and
/// children inherit that), and has no descriptor of the test's but the three standard ones.
public final class RunningProgram: Sendable {
    public let pid: Int32
    private let output: URL?
    private let error: URL?
    private let folder: TemporaryFolder?
    private let status = Mutex<Int32?>(nil)

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - environment: in full; by default hardly anything
    ///   - input: the file that is standard input
    ///   - error: the file that standard error, and without `output` standard output, is appended to
    ///   - descriptors: what it finds open from 3 on
    public init(
        _ path: String,
        _ arguments: [String],
        environment: [String: String] = RunningProgram.environment,
        in directory: URL? = nil,
        input: String = "/dev/null",
        output: URL? = nil,
        error: URL? = nil,
        descriptors: [Int32] = []
    ) throws {
        let folder = error == nil ? try TemporaryFolder() : nil
        self.folder = folder
        self.error = error ?? folder?.url.appendingPathComponent("error")
        self.output = output ?? folder?.url.appendingPathComponent("output") ?? error
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let flags = O_WRONLY | O_CREAT | O_APPEND
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        for (descriptor, file) in [(1, self.output), (2, self.error)] {
            let path = file?.path ?? "/dev/null"
            posix_spawn_file_actions_addopen(&actions, Int32(descriptor), path, flags, 0o600)
        }
        // Out of the way first: one may stand where another one goes.
        let aside = descriptors.map { fcntl($0, F_DUPFD_CLOEXEC, 200) }
        defer { for descriptor in aside { close(descriptor) } }
        for (i, descriptor) in aside.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(3 + i))
        }
        posix_spawn_file_actions_addclosefrom_np(&actions, Int32(3 + descriptors.count))
        if let directory { posix_spawn_file_actions_addchdir_np(&actions, directory.path) }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        var defaults = sigset_t()
        sigemptyset(&defaults)
        // libmosquitto, in this process, ignores it; a program started by a shell would not.
        sigaddset(&defaults, SIGPIPE)
        // What runs the tests may ignore this one.
        sigaddset(&defaults, SIGXFSZ)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF)
        )

        var words = ([path] + arguments).map { strdup($0) } + [nil]
        var variables = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for word in words + variables { free(word) } }
        var pid: Int32 = 0
        let code = posix_spawn(&pid, path, &actions, &attributes, &words, &variables)
        guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .ENOENT) }
        self.pid = pid
    }

    deinit {
        kill()
    }

    /// Little enough that no service manager or journal of the test's own is in it.
    public static let environment: [String: String] =
        ProcessInfo.processInfo.environment.filter {
            ["PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "LANG"].contains($0.key)
        }
        .merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }

    /// What it wrote to standard output so far.
    public var standardOutput: String { text(output) }

    /// What it wrote to standard error so far.
    public var standardError: String { text(error) }

    /// The time that it has spent on processors so far, all its threads together.
    ///
    /// Source: proc(5), fields 14 and 15 of stat, in hundredths of a second; the name before them may
    /// have spaces.
    public var processorTime: Duration {
        let text = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
        let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Int(fields[11]), let system = Int(fields[12]) else {
            return .zero
        }
        return .milliseconds(10 * (user + system))
    }

    /// How many descriptors it has open.
    public var descriptors: Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count) ?? 0
    }

    /// The lines of standard error so far.
    public var errorLines: [String] {
        standardError.split(separator: "\n").map(String.init)
    }

    public var isRunning: Bool { exitCode == nil }

    /// How it ended: its exit code, or the number of the signal with a minus; `nil` while it runs.
    public var exitCode: Int32? { collect(WNOHANG) }

    public func signal(_ number: Int32) {
        status.withLock { status in
            guard status == nil else { return }
            Foundation.kill(pid, number)
        }
    }

    /// Stops it from running, and waits until none of its threads does.
    ///
    /// The signal alone is only a request: a busy machine lets a thread go on for a while.
    public func pause() async throws {
        signal(SIGSTOP)
        try await eventually("a stop of every thread") {
            let tasks = "/proc/\(pid)/task"
            return try FileManager.default.contentsOfDirectory(atPath: tasks).allSatisfy { task in
                let text = try String(contentsOfFile: "\(tasks)/\(task)/stat", encoding: .utf8)
                return text.split(separator: ")").last?.hasPrefix(" T") == true
            }
        }
    }

    /// Lets it go on.
    public func resume() { signal(SIGCONT) }

    /// Kills it, and waits until it is gone.
    public func kill() {
        signal(SIGKILL)
        _ = collect(0)
    }

    /// Waits until it has ended, for ever, and blocks the thread meanwhile.
    public func end() -> Int32 { collect(0) ?? -1 }

    /// Waits until it has ended; throws, and kills it, if that takes too long.
    @discardableResult
    public func wait(within limit: Duration = .seconds(60)) async throws -> Int32 {
        do {
            try await eventually("end of the program", within: limit) { !isRunning }
        } catch {
            kill()
            throw WaitedInVain(what: "end of the program", detail: standardError)
        }
        return exitCode ?? -1
    }

    /// Waits until it has said something on standard error.
    public func wait(
        toSay words: String,
        count: Int = 1,
        within limit: Duration = .seconds(30)
    ) async throws {
        try await eventually("'\(words)'", within: limit, detail: { standardError }) {
            errorLines.count { $0.contains(words) } >= count || !isRunning
        }
        guard errorLines.count(where: { $0.contains(words) }) >= count else {
            throw WaitedInVain(what: "'\(words)', but it ended", detail: standardError)
        }
    }

    private func collect(_ options: Int32) -> Int32? {
        status.withLock { status in
            if status != nil { return status }
            var raw: Int32 = 0
            guard waitpid(pid, &raw, options) == pid else { return nil }
            // The macros of <sys/wait.h>: low seven bits the signal, the next byte the code.
            status = raw & 0x7F == 0 ? (raw >> 8) & 0xFF : -(raw & 0x7F)
            return status
        }
    }

    private func text(_ file: URL?) -> String {
        file.flatMap { try? Data(contentsOf: $0) }.map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}

/// Runs a program to its end; throws unless that is a good one.
public func run(_ program: String, _ arguments: [String], in directory: URL) throws {
    let running = try RunningProgram(program, arguments, in: directory)
    guard running.end() == 0 else {
        throw WaitedInVain(
            what: "a good end of \(program) \(arguments.joined(separator: " "))",
            detail: running.standardError
        )
    }
}
