/// Reads a payload that is a JSON object, flat or nested.
///
/// A channel's name is the dotted path to its value: `{"motor": {"current": 3.1}}` is the channel
/// `motor.current`, and an element of an array has its place as its name. Numbers, and strings that
/// are numbers, are values; `true` and `false` are 1 and 0; `null` and any other string are missing
/// values. The whole payload is checked before anything of it is used (RFC 8259).
public struct JSONSampleDecoder: SampleDecoder {
    /// How deep objects and arrays may lie in each other.
    public static let maximumDepth = 16

    /// The dotted path of the field that says when, if any.
    let timePath: [UInt8]
    /// Which paths are channels; `nil` for all.
    let chosen: NameTable?
    /// The path whose value belongs to the channel that the topic names, if any.
    let valuePath: [UInt8]
    /// Tells decoders apart that share a batch.
    let identity = UInt64.random(in: 1 ... .max)
    /// The longest payload that is copied to be read fast; few are a hundredth of it.
    private static let longestFlat = 1 << 16

    /// A decoder.
    ///
    /// - Parameters:
    ///   - time: the dotted path of the event time; `nil` if the payload has none
    ///   - channels: the dotted paths that are channels; `nil` for all
    ///   - value: in topics that name a channel, the dotted path of its value
    public init(time: String? = "time", channels: [String]? = nil, value: String = "value") {
        timePath = Array((time ?? "").utf8)
        chosen = channels.map { NameTable($0) }
        valuePath = Array(value.utf8)
    }

    public func decode(
        _ payload: Span<UInt8>,
        channel: Span<UInt8>,
        into batch: inout SampleBatch
    ) throws(SampleDecodingError) {
        if payload.count <= Self.longestFlat {
            var text: [UInt8] = []
            swap(&text, &batch.text)
            defer { swap(&text, &batch.text) }
            let isASCII = text.replace(padded: payload)
            if !isASCII { try checkUTF8(payload) }
            if readFlat(text.span, payload.count, channel: channel, into: &batch) { return }
        }
        try decodeAny(payload, channel: channel, into: &batch)
    }

    /// Reads a payload of any form, step by step; what ``decode(_:channel:into:)`` is held against.
    func decodeAny(
        _ payload: Span<UInt8>,
        channel: Span<UInt8>,
        into batch: inout SampleBatch
    ) throws(SampleDecodingError) {
        batch.removeAll()
        try checkUTF8(payload)
        var position = skipSpace(payload, 0)
        guard position < payload.count else { throw .malformedJSON(offset: position) }
        if !channel.isEmpty {
            for i in channel.indices { batch.path.append(channel[i]) }
        }
        let isObject = payload[position] == UInt8(ascii: "{")
        try readValue(payload, &position, depth: 0, topic: channel.count, &batch)
        position = skipSpace(payload, position)
        guard position == payload.count else { throw .malformedJSON(offset: position) }
        guard isObject || !channel.isEmpty else { throw .notAnObject }
    }

    /// Reads the value at `position`, whose path is `batch.path`; its first `topic` bytes are the
    /// channel's name in the topic.
    private func readValue(
        _ text: Span<UInt8>,
        _ position: inout Int,
        depth: Int,
        topic: Int,
        _ batch: inout SampleBatch
    ) throws(SampleDecodingError) {
        guard position < text.count else { throw .malformedJSON(offset: position) }
        let start = position
        switch text[position] {
        case UInt8(ascii: "{") where isTime(batch.path, topic: topic),
            UInt8(ascii: "[") where isTime(batch.path, topic: topic):
            throw .unreadableTime(offset: start)
        case UInt8(ascii: "{"):
            try readMembers(text, &position, depth: depth, topic: topic, &batch)
        case UInt8(ascii: "["):
            try readElements(text, &position, depth: depth, topic: topic, &batch)
        case UInt8(ascii: "\""):
            let content = try skipString(text, &position)
            if isTime(batch.path, topic: topic) {
                let string = text.extracting(content)
                guard let time = Timestamp(iso8601: string) ?? sinceEpoch(string) else {
                    throw .unreadableTime(offset: start)
                }
                batch.time = time
            } else {
                let value = DecimalNumber.whole(text.extracting(content)) ?? .nan
                try append(value, at: start, topic: topic, &batch)
            }
        case UInt8(ascii: "t"):
            try skipWord("true", text, &position)
            try appendFlag(1, at: start, topic: topic, &batch)
        case UInt8(ascii: "f"):
            try skipWord("false", text, &position)
            try appendFlag(0, at: start, topic: topic, &batch)
        case UInt8(ascii: "n"):
            try skipWord("null", text, &position)
            if !isTime(batch.path, topic: topic) {
                try append(.nan, at: start, topic: topic, &batch)
            }
        default:
            guard let (value, end) = DecimalNumber.scan(text, from: position) else {
                throw .malformedJSON(offset: position)
            }
            position = end
            if isTime(batch.path, topic: topic) {
                guard let time = Timestamp(sinceEpoch: value) else {
                    throw .unreadableTime(offset: start)
                }
                batch.time = time
            } else {
                try append(value, at: start, topic: topic, &batch)
            }
        }
    }

    private func readMembers(
        _ text: Span<UInt8>,
        _ position: inout Int,
        depth: Int,
        topic: Int,
        _ batch: inout SampleBatch
    ) throws(SampleDecodingError) {
        guard depth < Self.maximumDepth else { throw .tooDeep(offset: position) }
        position = skipSpace(text, position + 1)
        if position < text.count, text[position] == UInt8(ascii: "}") {
            position += 1
            return
        }
        let parent = batch.path.count
        while true {
            guard position < text.count, text[position] == UInt8(ascii: "\"") else {
                throw .malformedJSON(offset: position)
            }
            let key = try skipString(text, &position)
            if parent > 0 { batch.path.append(UInt8(ascii: ".")) }
            appendUnescaped(text.extracting(key), to: &batch.path)
            position = skipSpace(text, position)
            guard position < text.count, text[position] == UInt8(ascii: ":") else {
                throw .malformedJSON(offset: position)
            }
            position = skipSpace(text, position + 1)
            try readValue(text, &position, depth: depth + 1, topic: topic, &batch)
            batch.path.removeLast(batch.path.count - parent)
            guard try continues(text, &position, until: UInt8(ascii: "}")) else { return }
        }
    }

    private func readElements(
        _ text: Span<UInt8>,
        _ position: inout Int,
        depth: Int,
        topic: Int,
        _ batch: inout SampleBatch
    ) throws(SampleDecodingError) {
        guard depth < Self.maximumDepth else { throw .tooDeep(offset: position) }
        position = skipSpace(text, position + 1)
        if position < text.count, text[position] == UInt8(ascii: "]") {
            position += 1
            return
        }
        let parent = batch.path.count
        var place = 0
        while true {
            if parent > 0 { batch.path.append(UInt8(ascii: ".")) }
            appendDecimal(place, to: &batch.path)
            try readValue(text, &position, depth: depth + 1, topic: topic, &batch)
            batch.path.removeLast(batch.path.count - parent)
            place += 1
            guard try continues(text, &position, until: UInt8(ascii: "]")) else { return }
        }
    }

    private func appendFlag(
        _ value: Double,
        at offset: Int,
        topic: Int,
        _ batch: inout SampleBatch
    ) throws(SampleDecodingError) {
        guard !isTime(batch.path, topic: topic) else { throw .unreadableTime(offset: offset) }
        try append(value, at: offset, topic: topic, &batch)
    }

    private func append(
        _ value: Double,
        at offset: Int,
        topic: Int,
        _ batch: inout SampleBatch
    ) throws(SampleDecodingError) {
        var end = batch.path.count
        if topic > 0, pathIs(valuePath, batch.path, topic: topic) {
            end = topic
        } else if let chosen {
            let start = topic > 0 && batch.path.count > topic ? topic + 1 : 0
            guard chosen.find(batch.path.span.extracting(start..<end)) != nil else { return }
        }
        guard batch.appendAtPath(value, upTo: end) else { throw .tooManyValues(offset: offset) }
    }

    private func isTime(_ path: [UInt8], topic: Int) -> Bool {
        !timePath.isEmpty && pathIs(timePath, path, topic: topic)
    }

    /// Whether `path`, without the channel's name in the topic, is `wanted`.
    private func pathIs(_ wanted: [UInt8], _ path: [UInt8], topic: Int) -> Bool {
        let start = topic > 0 ? topic + 1 : 0
        guard path.count - start == wanted.count else { return false }
        for i in wanted.indices where wanted[i] != path[start + i] { return false }
        return true
    }

    private func sinceEpoch(_ text: Span<UInt8>) -> Timestamp? {
        DecimalNumber.whole(text).flatMap { Timestamp(sinceEpoch: $0) }
    }
}

extension Timestamp {
    /// A number since 1970, in seconds, milliseconds, microseconds or nanoseconds; told apart by
    /// magnitude, so that each unit covers the years 1973 to 5138.
    ///
    /// `nil` outside of the years 0 to 9999, which is all that ISO 8601 can say: the span between any
    /// two times is a number of microseconds, too.
    public init?(sinceEpoch value: Double) {
        let magnitude = abs(value)
        let microseconds: Double =
            if magnitude < 1e11 {
                value * 1e6
            } else if magnitude < 1e14 {
                value * 1e3
            } else if magnitude < 1e17 {
                value
            } else {
                value / 1e3
            }
        // The last second of the year 9999, and the first one of the year 0.
        guard microseconds < 253_402_300_800e6, microseconds >= -62_167_219_200e6 else {
            return nil
        }
        self.init(microseconds: Int64(microseconds.rounded()))
    }
}
