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
        /// `"name":` of each channel, then `"model":"name"}`.
        var text: [UInt8] = []
        /// Where each of them begins, and the end, `[channels + 2]`.
        var starts: [Int] = [0]

        mutating func append(_ part: [UInt8]) {
            text += part
            starts.append(text.count)
        }
    }

    /// What is another in every message.
    private struct Parts {
        /// As ``Assessment/tell(_:)`` gives them, and rounded.
        var numbers: [Double] = []
        var decimals: [MessageWriter.Decimal] = []
        /// The last time as text, with sixteen zeros behind it.
        var timeText: [UInt8] = []
        var time = Timestamp(microseconds: .min)

        mutating func gather(_ assessment: borrowing Assessment) {
            if assessment.time != time {
                time = assessment.time
                timeText.removeAll(keepingCapacity: true)
                time.append(to: &timeText)
                timeText.append(contentsOf: repeatElement(0, count: 16))
            }
            assessment.tell(&numbers)
            MessageWriter.round(numbers, into: &decimals)
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
        parts.gather(assessment)
        Self.fill(&buffer, models, known, parts, assessment)
        return buffer.withSpan(body)
    }

    /// Longer than all that is the same in every message, with time, three numbers and a device's
    /// name of which each byte takes an escape.
    private static let usualLength = 256 + 6 * 256

    private static func fill(
        _ buffer: inout MessageBuffer,
        _ models: borrowing [Fixed],
        _ known: Int,
        _ parts: borrowing Parts,
        _ assessment: borrowing Assessment
    ) {
        let models = models.span
        let text = models[known].text.span
        let starts = models[known].starts.span
        let (numbers, decimals, time) = (
            parts.numbers.span, parts.decimals.span, parts.timeText.span
        )
        let channels = 0..<starts.count - 2
        let shares = Assessment.firstShare
        let expected = shares + channels.count
        // Each name stands three times at most, and each channel has two numbers.
        let most = usualLength + 3 * text.count + 2 * MessageWriter.longestNumber * channels.count
        buffer.write(atMost: most) { message in
            message.append("{\"device\":\"")
            assessment.withName { message.append(escaping: $0) }
            message.append("\",\"time\":\"")
            message.append(time, 0..<time.count - 16)
            message.append("\",\"score\":")
            message.append(numbers[0], decimals[0])
            message.append(",\"novelty\":")
            message.append(numbers[1], decimals[1])
            message.append(",\"threshold\":1,\"tail_probability\":")
            message.append(numbers[2], decimals[2])
            message.append(assessment.isWarm ? ",\"warm\":true" : ",\"warm\":false")
            message.append(",\"channels\":{")
            for c in channels where numbers[shares + c] > 0 {
                message.append(text, starts[c]..<starts[c + 1])
                message.append(numbers[shares + c], decimals[shares + c])
                message.append(UInt8(ascii: ","))
            }
            message.endList()
            message.append("},\"expected\":{")
            for c in channels where !numbers[expected + c].isNaN {
                message.append(text, starts[c]..<starts[c + 1])
                message.append(numbers[expected + c], decimals[expected + c])
                message.append(UInt8(ascii: ","))
            }
            message.endList()
            message.append("},\"imputed\":[")
            for c in channels where !assessment.isFresh(c) {
                // The key without its colon.
                message.append(text, starts[c]..<starts[c + 1] - 1)
                message.append(UInt8(ascii: ","))
            }
            message.endList()
            message.append("],")
            message.append(text, starts[channels.count]..<starts[channels.count + 1])
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
        var fixed = Fixed(identity: ObjectIdentifier(model))
        for channel in model.channels { fixed.append(quoted(channel.name) + Array(":".utf8)) }
        fixed.append(Array("\"model\":".utf8) + quoted(model.name) + Array("}".utf8))
        fixed.text += Array(repeating: 0, count: 16)
        return fixed
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
