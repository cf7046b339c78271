import CSystemd
import Logging

/// One entry of the journal: fields of the form `NAME=value`, in one buffer.
struct JournalEntry: Sendable, Equatable {
    /// The fields, one behind the other.
    private(set) var bytes: [UInt8] = []
    /// Where each field ends in ``bytes``.
    private(set) var ends: [Int] = []

    /// The longest value that is kept, in bytes; journald itself would take 768 MB.
    static let longestValue = 32 << 10

    /// Adds a field; `name` must be one that the journal accepts.
    mutating func append(_ name: String, _ value: String) {
        bytes.append(contentsOf: name.utf8)
        bytes.append(UInt8(ascii: "="))
        appendReadable(value)
        ends.append(bytes.count)
    }

    /// Appends text without the control characters for which `journalctl` would show a blob.
    private mutating func appendReadable(_ text: String) {
        let limit = bytes.count + Self.longestValue
        for scalar in text.unicodeScalars {
            let isReadable =
                scalar.properties.generalCategory != .control || scalar == "\n" || scalar == "\t"
            bytes.append(contentsOf: UTF8.encode(isReadable ? scalar : "\u{FFFD}") ?? .init())
            if bytes.count > limit - 4 {
                bytes.append(contentsOf: "…".utf8)
                return
            }
        }
    }
}

extension JournalEntry {
    init(_ event: LogEvent, metadata: Logger.Metadata, identifier: String) {
        append("MESSAGE", event.message.description)
        append("PRIORITY", String(event.level.priority))
        append("SYSLOG_IDENTIFIER", identifier)
        // sd_journal_sendv does not add where it was called from, and it was called from elsewhere.
        append("CODE_FILE", event.file)
        append("CODE_LINE", String(event.line))
        append("CODE_FUNC", event.function)
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            append(fieldName(key), value.description)
        }
        if let error = event.error { append("TOCSIN_ERROR", "\(error)") }
    }

    /// Hands the entry to journald; waits while journald does not read.
    ///
    /// - Returns: 0, or a negative `errno`. Without a socket it is 0 as well.
    func send() -> Int32 {
        unsafe bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return 0 }
            var fields: [iovec] = unsafe []
            var begin = 0
            for end in ends {
                let field = unsafe UnsafeMutableRawPointer(mutating: base + begin)
                unsafe fields.append(iovec(iov_base: field, iov_len: end - begin))
                begin = end
            }
            return unsafe sd_journal_sendv(fields, Int32(fields.count))
        }
    }
}

extension Logger.Level {
    /// The number that syslog has for it.
    var priority: Int32 {
        switch self {
        case .trace, .debug: LOG_DEBUG
        case .info: LOG_INFO
        case .notice: LOG_NOTICE
        case .warning: LOG_WARNING
        case .error: LOG_ERR
        case .critical: LOG_CRIT
        }
    }
}

/// Turns a metadata key into a name that the journal accepts.
///
/// journald drops other names without a word: letters must be capitals of ASCII, the first character
/// one of them, and there may be 64 characters at most.
func fieldName(_ key: String) -> String {
    var name = ""
    for scalar in key.unicodeScalars.prefix(64) {
        switch scalar {
        case "A"..."Z", "0"..."9": name.unicodeScalars.append(scalar)
        case "a"..."z": name += scalar.properties.uppercaseMapping
        default: name += "_"
        }
    }
    let isReserved = name == "MESSAGE" || name == "PRIORITY" || name.hasPrefix("CODE_")
    // Names that begin with an underscore are for what journald itself vouches for.
    let beginsWell = name.first.map { $0 != "_" && !$0.isNumber } ?? false
    return String((beginsWell && !isReserved ? name : "FIELD_" + name).prefix(64))
}
