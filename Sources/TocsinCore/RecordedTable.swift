/// A recording as a table: what its messages said, read by the daemon's own decoders.
///
/// One row per message. Where each channel has a topic of its own a row holds one value; the frames
/// that are made of the rows bring them together.
public struct RecordedTable: Sendable {
    /// The channels' names, in the order in which they first occurred.
    public let channels: [String]
    /// In the order of the recording.
    public let rows: [CSVReader.Row]
    /// Messages that no stream reads, or that could not be read.
    public let skipped: Int

    /// Reads messages.
    ///
    /// - Parameters:
    ///   - messages: in the order in which they arrived
    ///   - streams: what is read of them, and how
    ///   - devices: which devices count
    public init(_ messages: [Message], streams: [Stream], devices: DevicePattern) {
        var names = NameTable()
        var found: [(message: Int, device: String, time: Timestamp, entries: [(Int, Double)])] = []
        var batch = SampleBatch()
        var skipped = 0
        for (i, message) in messages.enumerated() where !message.isRetained {
            guard
                let device = Self.read(message, streams, into: &batch),
                devices.matches(device)
            else {
                skipped += 1
                continue
            }
            var entries: [(Int, Double)] = []
            for entry in batch.entries where !entry.value.isNaN {
                let name = String(decoding: batch.names[entry.name], as: UTF8.self)
                entries.append((names.insert(name), entry.value))
            }
            found.append((i + 1, device, batch.time ?? message.arrival, entries))
        }
        channels = names.names
        self.skipped = skipped
        let count = names.count
        rows = found.map { message, device, time, entries in
            var row = CSVReader.Row(
                line: message,
                time: time,
                device: device,
                values: Array(repeating: .nan, count: count),
                label: nil
            )
            for (channel, value) in entries { row.values[channel] = value }
            return row
        }
    }

    /// Decodes a message; its device, or `nil` if that does not work out.
    private static func read(
        _ message: Message,
        _ streams: [Stream],
        into batch: inout SampleBatch
    ) -> String? {
        let topic = message.topic.span
        for stream in streams {
            guard let match = stream.template.match(topic) else { continue }
            do {
                try stream.decoder.decode(
                    message.payload.span,
                    channel: topic.extracting(match.channel),
                    into: &batch
                )
            } catch {
                return nil
            }
            return String(validating: message.topic[match.device], as: UTF8.self)
        }
        return nil
    }
}
