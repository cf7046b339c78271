/// Reads a payload that is one plain number, such as `21.5`; the topic names the channel.
///
/// White space around the number is ignored. What Linux programs print for "no value" (`nan`,
/// `null`, `unavailable`, `unknown`, nothing at all) is a missing value.
public struct NumberSampleDecoder: SampleDecoder {
    /// A decoder.
    public init() {}

    public func decode(
        _ payload: Span<UInt8>,
        channel: Span<UInt8>,
        into batch: inout SampleBatch
    ) throws(SampleDecodingError) {
        if let value = everyday(payload, &batch.text) {
            batch.replace(value.isFinite ? value : .nan, name: channel)
            return
        }
        batch.removeAll()
        let text = payload.extracting(payload.trimmedRange)
        let value: Double
        if let number = DecimalNumber.whole(text) {
            value = number
        } else if isMissing(text) {
            value = .nan
        } else {
            throw .notANumber(offset: DecimalNumber.firstMisfit(payload))
        }
        _ = batch.append(value, name: channel)
    }

    /// The number, if it fills the whole payload and is a short one of JSON's.
    @inline(__always)
    private func everyday(_ payload: Span<UInt8>, _ text: inout [UInt8]) -> Double? {
        guard payload.count <= 32 else { return nil }
        _ = text.replace(padded: payload)
        guard let (value, end) = DecimalNumber.scan(text.span, at: 0), end == payload.count else {
            return nil
        }
        return value
    }

    private func isMissing(_ text: Span<UInt8>) -> Bool {
        if text.isEmpty || text.equals("null") || text.equals("none")
            || text.equals("unavailable") || text.equals("unknown")
        {
            return true
        }
        let hasSign = text[0] == UInt8(ascii: "-") || text[0] == UInt8(ascii: "+")
        let word = text.extracting((hasSign ? 1 : 0)..<text.count)
        return word.equals("nan") || word.equals("inf") || word.equals("infinity")
    }
}

extension DecimalNumber {
    /// The number that `text` is, white space aside; also with a leading plus sign.
    static func whole(_ text: Span<UInt8>) -> Double? {
        let text = text.extracting(text.trimmedRange)
        let hasPlus = !text.isEmpty && text[0] == UInt8(ascii: "+")
        if hasPlus, text.count > 1, text[1] == UInt8(ascii: "-") { return nil }
        let start = hasPlus ? 1 : 0
        guard let (value, end) = scan(text, from: start), end == text.count else { return nil }
        return value
    }

    /// Where reading a number has to stop.
    fileprivate static func firstMisfit(_ text: Span<UInt8>) -> Int {
        var start = 0
        while start < text.count, text[start].isWhiteSpace { start += 1 }
        return scan(text, from: start)?.end ?? start
    }
}

extension UInt8 {
    /// Whether it is one of JSON's four kinds of white space.
    var isWhiteSpace: Bool {
        self == 0x20 || self == 0x0A || self == 0x0D || self == 0x09
    }
}

extension Span<UInt8> {
    /// What is left without white space at either end.
    var trimmedRange: Range<Int> {
        var start = 0
        var end = count
        while start < end, self[start].isWhiteSpace { start += 1 }
        while end > start, self[end - 1].isWhiteSpace { end -= 1 }
        return start..<end
    }

    /// Whether these are the letters of `word`, which is in lower case; case does not matter here.
    func equals(_ word: String) -> Bool {
        guard count == word.utf8.count else { return false }
        var i = 0
        for byte in word.utf8 {
            guard self[i] | 0x20 == byte, self[i] >= 0x40 else { return false }
            i += 1
        }
        return true
    }
}
