import Glibc
public import Logging

/// Writes log entries to standard error, one line each.
///
///     warning: 'a/b': not a JSON object of numbers, at byte 3, skipping TOCSIN_DEVICE=pump-4
public struct StandardErrorLogHandler: LogHandler {
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?
    public var logLevel: Logger.Level = .info

    private let hasPriorityPrefix: Bool
    private let descriptor: Int32

    /// - Parameter hasPriorityPrefix: whether lines begin with `<4>` and the like, which is how journald
    ///   tells levels apart in what it reads from a service's standard error
    public init(hasPriorityPrefix: Bool = false) {
        self.init(hasPriorityPrefix: hasPriorityPrefix, descriptor: STDERR_FILENO)
    }

    init(hasPriorityPrefix: Bool, descriptor: Int32) {
        self.hasPriorityPrefix = hasPriorityPrefix
        self.descriptor = descriptor
    }

    public func log(event: LogEvent) {
        var line = hasPriorityPrefix ? "<\(event.level.priority)>" : ""
        line += "\(event.level.rawValue): \(readable(event.message.description))"
        for (key, value) in allMetadata(of: event).sorted(by: { $0.key < $1.key })
        where key != "MESSAGE_ID" {
            line += " \(readable(key))=\(quotedIfNeeded(value.description))"
        }
        if let error = event.error { line += " error=\(quotedIfNeeded("\(error)"))" }
        write(line + "\n")
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    private func write(_ line: String) {
        var bytes = Array(line.utf8)[...]
        while !bytes.isEmpty {
            let written = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(descriptor, buffer.baseAddress, buffer.count)
            }
            if written > 0 {
                bytes = bytes.dropFirst(written)
            } else if errno != EINTR {
                // Standard error is gone, and there is nowhere else to say so.
                return
            }
        }
    }
}

/// Escapes what would break the line, or command the terminal.
private func readable(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
        return text
    }
    return text.unicodeScalars.reduce(into: "") { result, scalar in
        switch scalar {
        case "\n": result += "\\n"
        case "\t": result += "\\t"
        case _ where scalar.properties.generalCategory == .control:
            result += "\\u{\(String(scalar.value, radix: 16))}"
        default: result.unicodeScalars.append(scalar)
        }
    }
}

private func quotedIfNeeded(_ value: String) -> String {
    let text = readable(value)
    guard text.isEmpty || text.contains(where: { $0 == " " || $0 == "\"" || $0 == "=" }) else {
        return text
    }
    return "\""
        + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\"")
        + "\""
}
