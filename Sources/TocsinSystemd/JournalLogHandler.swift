public import Logging

/// Writes log entries to the journal, with their metadata as fields.
///
/// A key such as `TOCSIN_DEVICE` or `MESSAGE_ID` is the field's name as it is; others are put in
/// capitals first.
public struct JournalLogHandler: LogHandler {
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?
    public var logLevel: Logger.Level = .info

    private let writer: JournalWriter
    private let identifier: String

    /// - Parameter identifier: what `journalctl -t` selects by
    public init(writer: JournalWriter, identifier: String = "tocsin") {
        self.writer = writer
        self.identifier = identifier
    }

    public func log(event: LogEvent) {
        let metadata = allMetadata(of: event)
        writer.write(JournalEntry(event, metadata: metadata, identifier: identifier))
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }
}

extension LogHandler {
    /// The handler's metadata, the provider's, and the entry's own, which goes first.
    func allMetadata(of event: LogEvent) -> Logger.Metadata {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let own = event.metadata { all.merge(own) { $1 } }
        return all
    }
}
