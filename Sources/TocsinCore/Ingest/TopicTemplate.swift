/// Which topics a stream reads, and where in them device and channel stand.
///
/// `{device}` and `{channel}` stand for whole levels, `+` for a level that does not matter, `#` at
/// the end for any further levels. Everything else is taken literally.
public struct TopicTemplate: Sendable, Equatable {
    /// As written in the configuration.
    public let text: String

    /// What to subscribe to: the template with `+` for its names.
    public let filter: String

    /// Whether `{channel}` occurs.
    public let namesChannel: Bool

    enum Level: Sendable, Equatable {
        case literal([UInt8])
        case device
        case channel
        case any
        case rest
    }

    let levels: [Level]

    /// Reads a template; it must name the device exactly once.
    public init(_ text: String) throws(TopicTemplateError) {
        guard text.utf8.count <= 65_535, text.isReadable else { throw .unreadable }
        // By scalars, as the broker does: a slash with an accent is another character.
        let parts = text.unicodeScalars.split(separator: "/", omittingEmptySubsequences: false)
            .map { String($0) }
        var levels: [Level] = []
        for (i, part) in parts.enumerated() {
            switch part {
            case "": throw .emptyLevel
            case "{device}": levels.append(.device)
            case "{channel}": levels.append(.channel)
            case "+": levels.append(.any)
            case "#":
                guard i == parts.count - 1 else { throw .hashNotLast }
                levels.append(.rest)
            default:
                if let mark = part.unicodeScalars.first(where: {
                    "{}+#".unicodeScalars.contains($0)
                }) {
                    throw .partialLevel(level: part, mark: Character(mark))
                }
                levels.append(.literal(Array(part.utf8)))
            }
        }
        guard levels.count(where: { $0 == .device }) == 1 else { throw .deviceNotOnce }
        guard levels.count(where: { $0 == .channel }) <= 1 else { throw .channelTwice }
        self.text = text
        self.levels = levels
        namesChannel = levels.contains(.channel)
        filter = parts.map { $0.hasPrefix("{") ? "+" : $0 }.joined(separator: "/")
    }

    /// Where device and channel stand in `topic`, or `nil` if it is not one of ours.
    ///
    /// A topic with an empty device or channel is not ours. Does not allocate.
    public func match(_ topic: Span<UInt8>) -> TopicMatch? {
        var match = TopicMatch(device: 0..<0, channel: 0..<0)
        var start = 0
        for i in levels.indices {
            if levels[i] == .rest { return match }
            guard start <= topic.count else { return nil }
            var end = start
            while end < topic.count, topic[end] != UInt8(ascii: "/") { end += 1 }
            switch levels[i] {
            case .literal(let name):
                guard name.count == end - start else { return nil }
                for j in name.indices where name[j] != topic[start + j] { return nil }
            case .device:
                guard end > start else { return nil }
                match.device = start..<end
            case .channel:
                guard end > start else { return nil }
                match.channel = start..<end
            case .any, .rest:
                break
            }
            if i == levels.count - 1, end != topic.count { return nil }
            start = end + 1
        }
        return match
    }

    /// A topic that the template matches.
    public func topic(device: String, channel: String) -> String {
        levels.map { level in
            switch level {
            case .literal(let name): String(decoding: name, as: UTF8.self)
            case .device: device
            case .channel: channel
            case .any, .rest: "x"
            }
        }.joined(separator: "/")
    }
}

/// Where in a topic's bytes the names stand; an empty range if the template has none.
public struct TopicMatch: Sendable, Equatable {
    /// The device's name.
    public var device: Range<Int>
    /// The channel's name.
    public var channel: Range<Int>
}

/// What is wrong with a topic template.
public enum TopicTemplateError: Error, Equatable, CustomStringConvertible {
    /// It is too long, or holds a control character or what is no character.
    case unreadable
    /// Two slashes follow each other, or one stands at an end.
    case emptyLevel
    /// `#` stands before the end.
    case hashNotLast
    /// `{device}` is missing, or stands twice.
    case deviceNotOnce
    /// `{channel}` stands twice.
    case channelTwice
    /// A placeholder or wildcard fills only a part of a level.
    case partialLevel(level: String, mark: Character)

    public var description: String {
        switch self {
        case .unreadable:
            "a topic template has at most 65535 bytes, and no control characters among them"
        case .emptyLevel: "a topic template has no empty levels"
        case .hashNotLast: "'#' stands only at the end of a topic template"
        case .deviceNotOnce: "a topic template has exactly one level '{device}'"
        case .channelTwice: "a topic template has at most one level '{channel}'"
        case .partialLevel(let level, let mark):
            "'\(mark)' in '\(level)': '{device}', '{channel}', '+' and '#' stand for whole levels"
        }
    }
}
