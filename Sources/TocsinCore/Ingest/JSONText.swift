// The lexical part of JSON (RFC 8259), on bytes: what ``JSONSampleDecoder`` steps over.

/// The first byte at or behind `start` that is no white space.
func skipSpace(_ text: Span<UInt8>, _ start: Int) -> Int {
    var position = start
    while position < text.count, text[position].isWhiteSpace { position += 1 }
    return position
}

/// Steps over a string; returns where its content stands, escapes and all.
func skipString(
    _ text: Span<UInt8>,
    _ position: inout Int
) throws(SampleDecodingError) -> Range<Int> {
    position += 1
    let start = position
    while position < text.count {
        let byte = text[position]
        if byte == UInt8(ascii: "\"") {
            position += 1
            return start..<position - 1
        }
        guard byte >= 0x20 else { throw .malformedJSON(offset: position) }
        position += 1
        if byte == UInt8(ascii: "\\") { try skipEscape(text, &position) }
    }
    throw .malformedJSON(offset: position)
}

private func skipEscape(_ text: Span<UInt8>, _ position: inout Int) throws(SampleDecodingError) {
    guard position < text.count else { throw .malformedJSON(offset: position) }
    switch text[position] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
        UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
        position += 1
    case UInt8(ascii: "u"):
        for i in 1...4 {
            guard position + i < text.count, text[position + i].hexadecimalValue != nil else {
                throw .malformedJSON(offset: position + i)
            }
        }
        position += 5
    default:
        throw .malformedJSON(offset: position)
    }
}

/// Steps over `true`, `false` or `null`.
func skipWord(
    _ word: String,
    _ text: Span<UInt8>,
    _ position: inout Int
) throws(SampleDecodingError) {
    for byte in word.utf8 {
        guard position < text.count, text[position] == byte else {
            throw .malformedJSON(offset: position)
        }
        position += 1
    }
}

/// Steps over a comma to what follows it, or over the end of an object or array.
func continues(
    _ text: Span<UInt8>,
    _ position: inout Int,
    until end: UInt8
) throws(SampleDecodingError) -> Bool {
    position = skipSpace(text, position)
    guard position < text.count else { throw .malformedJSON(offset: position) }
    if text[position] == end {
        position += 1
        return false
    }
    guard text[position] == UInt8(ascii: ",") else { throw .malformedJSON(offset: position) }
    position = skipSpace(text, position + 1)
    return true
}

/// Checks that all of `text` is UTF-8.
func checkUTF8(_ text: Span<UInt8>) throws(SampleDecodingError) {
    do {
        _ = try UTF8Span(validating: text)
    } catch {
        throw .invalidUTF8(offset: error.byteOffsets.lowerBound)
    }
}

/// Appends a string's content with its escapes resolved; a lone surrogate becomes U+FFFD.
func appendUnescaped(_ text: Span<UInt8>, to bytes: inout [UInt8]) {
    var i = 0
    while i < text.count {
        guard text[i] == UInt8(ascii: "\\") else {
            bytes.append(text[i])
            i += 1
            continue
        }
        let mark = text[i + 1]
        i += 2
        switch mark {
        case UInt8(ascii: "b"): bytes.append(0x08)
        case UInt8(ascii: "f"): bytes.append(0x0C)
        case UInt8(ascii: "n"): bytes.append(0x0A)
        case UInt8(ascii: "r"): bytes.append(0x0D)
        case UInt8(ascii: "t"): bytes.append(0x09)
        case UInt8(ascii: "u"):
            var code = hexadecimal(text, i)
            i += 4
            if code & 0xFC00 == 0xD800, i + 5 < text.count, text[i] == UInt8(ascii: "\\"),
                text[i + 1] == UInt8(ascii: "u"), hexadecimal(text, i + 2) & 0xFC00 == 0xDC00
            {
                code = 0x10000 + (code & 0x3FF) << 10 + (hexadecimal(text, i + 2) & 0x3FF)
                i += 6
            }
            let scalar = Unicode.Scalar(code) ?? "\u{FFFD}"
            for unit in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
                bytes.append(unit)
            }
        default: bytes.append(mark)
        }
    }
}

/// Appends a number without a sign.
func appendDecimal(_ value: Int, to bytes: inout [UInt8]) {
    if value >= 10 { appendDecimal(value / 10, to: &bytes) }
    bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value % 10))
}

private func hexadecimal(_ text: Span<UInt8>, _ start: Int) -> UInt32 {
    var code: UInt32 = 0
    for i in start..<start + 4 { code = code << 4 | (text[i].hexadecimalValue ?? 0) }
    return code
}

extension UInt8 {
    fileprivate var hexadecimalValue: UInt32? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(self - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(self - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(self - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}
