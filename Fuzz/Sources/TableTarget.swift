@testable import TocsinCore
import TocsinDaemon
@testable import TocsinFiles

/// A table, packed or not, and its scores.
func fuzzTable(_ bytes: [UInt8]) {
    var bytes = bytes
    if bytes.starts(with: [0x1F, 0x8B]) {
        guard let unpacked = Gzip.unpack(bytes, limit: 1 << 18) else { return }
        check(unpacked.count <= 1 << 18, "more than the limit")
        bytes = unpacked
    }
    guard var reader = try? CSVReader(bytes) else { return }
    var scoring: OfflineScoring? = try? OfflineScoring(
        model: FuzzFleet.model,
        channels: reader.channels,
        policies: AlertPolicies()
    )
    var messages = FuzzMessages()
    for _ in 0..<512 {
        guard let row = try? reader.next() else { break }
        check(row.values.count == reader.channels.count, "another number of values")
        check(row.values.allSatisfy { $0.isFinite || $0.isNaN }, "an infinite value")
        check((0...1).contains(reader.progress), "progress \(reader.progress)")
        _ = row.time.description
        scoring?.take(row) { messages.check($0, topic: false) }
    }
    scoring?.finish { messages.check($0, topic: false) }
}

/// A recording, and the table that it makes.
func fuzzRecording(_ bytes: [UInt8]) {
    guard let messages = try? Recording.decodeAll(bytes) else { return }
    for message in messages {
        guard let line = try? Recording.encode(message),
            let again = try? Recording.decode(line, number: 1)
        else { fatalError("what was read cannot be written") }
        check(again.payload == message.payload && again.topic == message.topic, "another message")
    }
    let table = RecordedTable(
        messages,
        streams: FuzzFleet.intake.streams,
        devices: DevicePattern("*")
    )
    check(table.rows.count + table.skipped <= messages.count, "more rows than messages")
}
