public import TocsinCore

/// Writes score messages, `tocsin/devices/<device>/score`, without allocating once it knows a model.
///
/// What is the same in every message of a model, the channels' names above all, is written once.
public struct ScoreMessage: ~Copyable {
    private var buffer = MessageBuffer()
    private var models: [Fixed] = []
    /// Where in `models` a device's stands, by the device's number; −1 for not yet known.
    private var places: [Int32] = []
    private var time: [UInt8] = []
    private var lastTime = Timestamp(microseconds: .min)

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
        buffer.removeAll()
        let known = place(assessment)
        if assessment.time != lastTime {
            lastTime = assessment.time
            time.removeAll(keepingCapacity: true)
            lastTime.append(to: &time)
        }
        Self.fill(&buffer, models[known], time, assessment)
        return buffer.withSpan(body)
    }

    private static func fill(
        _ buffer: inout MessageBuffer,
        _ fixed: borrowing Fixed,
        _ time: borrowing [UInt8],
        _ assessment: borrowing Assessment
    ) {
        let text = fixed.text.span
        let starts = fixed.starts.span
        let channels = 0..<starts.count - 2
        buffer.append("{\"device\":")
        buffer.append(quoted: assessment.name)
        buffer.append(",\"time\":\"")
        buffer.append(time.span)
        buffer.append("\",\"score\":")
        buffer.append(assessment.score?.value)
        buffer.append(",\"novelty\":")
        buffer.append(assessment.score?.novelty)
        buffer.append(",\"threshold\":1,\"tail_probability\":")
        buffer.append(assessment.score?.tailProbability)
        buffer.append(assessment.isWarm ? ",\"warm\":true" : ",\"warm\":false")
        buffer.append(",\"channels\":{")
        if assessment.score != nil {
            let sum = assessment.noveltySum
            for c in channels {
                let share = assessment.share(c, of: sum)
                guard share > 0 else { continue }
                buffer.append(text, starts[c]..<starts[c + 1])
                buffer.append(share)
                buffer.append(UInt8(ascii: ","))
            }
        }
        buffer.end()
        buffer.append("},\"expected\":{")
        for c in channels {
            let expected = assessment.expected(c)
            guard !expected.isNaN else { continue }
            buffer.append(text, starts[c]..<starts[c + 1])
            buffer.append(expected)
            buffer.append(UInt8(ascii: ","))
        }
        buffer.end()
        buffer.append("},\"imputed\":[")
        for c in channels where !assessment.isFresh(c) {
            // The key without its colon.
            buffer.append(text.extracting(starts[c]..<starts[c + 1] - 1))
            buffer.append(UInt8(ascii: ","))
        }
        buffer.end()
        buffer.append("],")
        buffer.append(text, starts[channels.count]..<starts[channels.count + 1])
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

extension MessageBuffer {
    /// Takes the comma away that stands behind the last of a list.
    fileprivate mutating func end() {
        if last == UInt8(ascii: ",") { removeLast() }
    }

    /// Appends text in quotes; what JSON does not allow in them is escaped.
    fileprivate mutating func append(quoted text: String) {
        append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            if byte >= 0x20, byte != 0x7F, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
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
        append(UInt8(ascii: "\""))
    }

    private static let digits = Array("0123456789abcdef".utf8)
}
