import FoundationEssentials

/// Captured messages, one JSON object per line.
///
/// A line is `{"time":"2026-11-21T09:48:00.000Z","topic":"…","payload":"…","retained":true}`; a
/// payload that is not UTF-8 stands in `payload_base64` instead.
public enum Recording {
    private struct Line: Codable {
        var time: String
        var topic: String
        var payload: String?
        var payload_base64: Data?
        var retained: Bool?
    }

    /// A message as a line, without its end.
    public static func encode(_ message: Message) throws -> [UInt8] {
        var line = Line(
            time: message.arrival.description,
            topic: String(decoding: message.topic, as: UTF8.self),
            retained: message.isRetained ? true : nil
        )
        if let text = String(validating: message.payload, as: UTF8.self) {
            line.payload = text
        } else {
            line.payload_base64 = Data(message.payload)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(line))
    }

    /// The messages of a whole recording, in order; empty lines are skipped.
    public static func decodeAll(_ bytes: [UInt8]) throws(RecordingError) -> [Message] {
        var messages: [Message] = []
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (i, line) in lines.enumerated() where !line.isEmpty {
            messages.append(try decode(line, number: i + 1))
        }
        return messages
    }

    /// The message on a line; `number` is the line's, for the error.
    public static func decode(
        _ line: some Sequence<UInt8>,
        number: Int
    ) throws(RecordingError) -> Message {
        let read: Line
        do {
            read = try JSONDecoder().decode(Line.self, from: Data(line))
        } catch {
            throw RecordingError(line: number, reason: "not an object with time, topic, payload")
        }
        guard
            let payload = read.payload.map({ Array($0.utf8) })
                ?? read.payload_base64.map(Array.init)
        else {
            throw RecordingError(line: number, reason: "not an object with time, topic, payload")
        }
        guard let time = Timestamp(iso8601: read.time) else {
            throw RecordingError(line: number, reason: "'\(read.time)' is not a time")
        }
        return Message(
            topic: Array(read.topic.utf8),
            payload: payload,
            arrival: time,
            isRetained: read.retained ?? false
        )
    }
}

/// What is wrong with a recording, and where.
public struct RecordingError: Error, Equatable, CustomStringConvertible {
    /// Counted from 1.
    public var line: Int
    /// What is wrong there.
    public var reason: String

    public var description: String { "line \(line): \(reason.readable)" }
}
