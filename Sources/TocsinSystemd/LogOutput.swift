import Glibc
public import Logging

/// Where log entries go.
///
///     let output = LogOutput.automatic()
///     LoggingSystem.bootstrap(output.makeHandler)
///     defer { output.flush() }
public enum LogOutput: Sendable {
    /// Natively to the journal.
    case journal(JournalWriter)
    /// To standard error, as plain text.
    case standardError(hasPriorityPrefix: Bool)

    /// The journal for a service, standard error for everybody else.
    ///
    /// `TOCSIN_LOG=journal` or `TOCSIN_LOG=stderr` chooses otherwise; but where journald has no socket,
    /// nothing is sent there, because libsystemd would lose it without a word.
    public static func automatic() -> LogOutput {
        let choice = LogChoice(
            wish: unsafe getenv("TOCSIN_LOG").map { unsafe String(cString: $0) },
            isStreamConnected: isConnectedToJournal(STDERR_FILENO)
                || isConnectedToJournal(STDOUT_FILENO),
            isErrorConnected: isConnectedToJournal(STDERR_FILENO),
            hasSocket: unsafe access("/run/systemd/journal/socket", W_OK) == 0
        )
        switch choice {
        case .journal: return .journal(JournalWriter())
        case .standardError(let prefix): return .standardError(hasPriorityPrefix: prefix)
        }
    }

    /// Makes a handler, for `LoggingSystem.bootstrap`.
    public func makeHandler(label: String) -> any LogHandler {
        switch self {
        case .journal(let writer): JournalLogHandler(writer: writer)
        case .standardError(let prefix): StandardErrorLogHandler(hasPriorityPrefix: prefix)
        }
    }

    /// Waits until what was logged is out, but not for ever; to be called before exit.
    public func flush(within limit: Duration = .seconds(2)) {
        switch self {
        case .journal(let writer): writer.flush(within: limit)
        case .standardError: break
        }
    }
}

/// The decision, without its circumstances.
enum LogChoice: Equatable {
    case journal
    case standardError(hasPriorityPrefix: Bool)

    init(wish: String?, isStreamConnected: Bool, isErrorConnected: Bool, hasSocket: Bool) {
        let wantsJournal =
            switch wish {
            case "journal": true
            case "stderr": false
            default: isStreamConnected
            }
        self =
            wantsJournal && hasSocket
            ? .journal : .standardError(hasPriorityPrefix: isErrorConnected)
    }
}

/// Whether what is written to this descriptor reaches the journal.
///
/// That `JOURNAL_STREAM` is set is not enough: a shell whose terminal is a service inherits it. It names
/// the device and inode of the stream.
private func isConnectedToJournal(_ descriptor: Int32) -> Bool {
    guard let stream = unsafe getenv("JOURNAL_STREAM").map({ unsafe String(cString: $0) }) else {
        return false
    }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { return false }
    return stream == "\(status.st_dev):\(status.st_ino)"
}
