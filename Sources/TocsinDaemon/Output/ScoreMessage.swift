public import TocsinCore

/// Writes score messages, `tocsin/devices/<device>/score`, without allocating once it knows a model.
///
/// What is the same in every message of a model, the channels' names above all, is written once.
public struct ScoreMessage: ~Copyable {
    private var buffer = MessageBuffer()
    private var models: [Fixed] = []
    /// Where in `models` a device's stands, by the device's number; −1 for not yet known.
    private var places: [Int32] = []
    private var parts = Parts()

    /// What is the same in every message of a model.
    private struct Fixed {
        let identity: ObjectIdentifier
        /// As ``Assessment/tell(_:)`` gives the numbers.
        let members: MessageMembers
        /// `"model":"name"}`, and zeros behind it.
        let model: [UInt8]
        let places: Assessment.Places
        /// The longest message.
        let longest: Int
    }

    /// What is another in every message.
    private struct Parts: ~Copyable {
        var numbers = RoundedNumbers()
        /// The last time as text, with sixteen zeros behind it.
        var timeText: [UInt8] = []
        var time = Timestamp(microseconds: .min)

        mutating func gather(_ assessment: borrowing Assessment, _ places: Assessment.Places) {
            if assessment.time != time {
                time = assessment.time
                timeText.removeAll(keepingCapacity: true)
                time.append(to: &timeText)
                timeText.append(contentsOf: repeatElement(0, count: 16))
            }
            numbers.round(places.count) { assessment.tell(&$0) }
        }
    }

    /// A writer that knows no model.
    public init() {}

    /// Forgets which model judges which device, after a reload.
    public mutating func removeAll() {
        models.removeAll()
        places.removeAll()
    }

    /// Forgets a device, whose number will be another's.
    public mutating func forget(_ device: Int) {
        if device < places.count { places[device] = -1 }
    }

    /// The message of an assessment, until the next one.
    public mutating func write<Result>(
        _ assessment: borrowing Assessment,
        _ body: (Span<UInt8>) -> Result
    ) -> Result {
        let known = place(assessment)
        parts.gather(assessment, models[known].places)
        Self.fill(&buffer, models, known, parts, assessment)
        return buffer.withSpan(body)
    }

    /// Longer than what is neither of a model nor a member: a time, and a device's name of which each
    /// byte takes an escape.
    private static let usualLength = 256 + 6 * 256

    private static func fill(
        _ buffer: inout MessageBuffer,
        _ models: borrowing [Fixed],
        _ known: Int,
        _ parts: borrowing Parts,
        _ assessment: borrowing Assessment
    ) {
        let models = models.span
        let (members, model) = (models[known].members.view, models[known].model.span)
        let places = models[known].places
        let time = parts.timeText.span
        buffer.write(atMost: models[known].longest) { message in
            message.append("{\"device\":\"")
            assessment.withName { message.append(escaping: $0) }
            message.append("\",\"time\":\"")
            message.append(time, 0..<time.count - 16)
            message.append("\",")
            if assessment.score == nil {
                message.append(
                    "\"score\":null,\"novelty\":null,\"threshold\":1,\"tail_probability\":null,"
                )
            } else {
                message.append(places.head, of: members, parts.numbers)
            }
            message.append(assessment.isWarm ? "\"warm\":true," : "\"warm\":false,")
            message.append("\"channels\":{")
            message.append(places.shares, of: members, above: 0, parts.numbers)
            message.endList()
            message.append("},\"expected\":{")
            message.append(places.expected, of: members, parts.numbers)
            message.endList()
            message.append("},\"imputed\":[")
            if !assessment.isComplete {
                for (c, member) in places.shares.enumerated() where !assessment.isFresh(c) {
                    // The key without its colon.
                    for byte in models[known].members.name(member).dropLast() {
                        message.append(byte)
                    }
                    message.append(UInt8(ascii: ","))
                }
                message.endList()
            }
            message.append("],")
            message.append(model, 0..<model.count - 16)
        }
    }

    /// Where the fixed parts of a device's model stand.
    private mutating func place(_ assessment: borrowing Assessment) -> Int {
        let device = assessment.device
        if device < places.count, places[device] >= 0 { return Int(places[device]) }
        let model = assessment.model
        while places.count <= device { places.append(-1) }
        let identity = ObjectIdentifier(model)
        let known = models.firstIndex { $0.identity == identity } ?? models.count
        if known == models.count { models.append(Self.fixed(model)) }
        places[device] = Int32(known)
        return known
    }

    private static func fixed(_ model: Model) -> Fixed {
        func quoted(_ text: String) -> [UInt8] {
            var json = JSONWriter()
            json.value(text)
            return json.bytes
        }
        let head = ["\"score\":", "\"novelty\":", "\"threshold\":1,\"tail_probability\":"]
        let names = model.channels.map { quoted($0.name) + Array(":".utf8) }
        let end = Array("\"model\":".utf8) + quoted(model.name) + Array("}".utf8)
        let places = Assessment.Places(channels: names.count)
        var members: [[UInt8]] = Array(repeating: [], count: places.count)
        members.replaceSubrange(places.head, with: head.map { Array($0.utf8) })
        members.replaceSubrange(places.shares, with: names)
        members.replaceSubrange(places.expected, with: names)
        let all = MessageMembers(members)
        // Each name may stand once more, among those that were imputed.
        let imputed = names.reduce(0) { $0 + $1.count }
        return Fixed(
            identity: ObjectIdentifier(model),
            members: all,
            model: end + Array(repeating: 0, count: 16),
            places: places,
            longest: usualLength + end.count + all.longest + imputed
        )
    }
}

extension MessageWriter {
    /// Appends text; what JSON does not allow in it is escaped.
    @inline(__always)
    fileprivate mutating func append(escaping text: Span<UInt8>) {
        if text.isPlain { append(text) } else { appendEscaped(text) }
    }

    private mutating func appendEscaped(_ text: Span<UInt8>) {
        for i in text.indices {
            let byte = text[i]
            guard byte.mustBeEscaped else {
                append(byte)
                continue
            }
            append(UInt8(ascii: "\\"))
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                append(byte)
            } else {
                append("u00")
                append(Self.digits[Int(byte >> 4)])
                append(Self.digits[Int(byte & 15)])
            }
        }
    }

    private static let digits = Array("0123456789abcdef".utf8)
}

extension Span<UInt8> {
    /// Whether it can stand in a JSON text as it is.
    @inline(__always)
    fileprivate var isPlain: Bool {
        // No branch, so that sixteen bytes are looked at together.
        var marks: UInt8 = 0
        for i in indices { marks |= self[i].mustBeEscaped ? 1 : 0 }
        return marks == 0
    }
}

extension UInt8 {
    @inline(__always)
    fileprivate var mustBeEscaped: Bool {
        self < 0x20 || self == 0x7F || self == UInt8(ascii: "\"") || self == UInt8(ascii: "\\")
    }
}
