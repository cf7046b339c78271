/// Reads decimal numbers as JSON writes them, correctly rounded.
///
/// This is the plain form, byte by byte, for any text. What everyday payloads hold is read eight
/// bytes at a time by ``scan(_:at:)``, and rounded by the same ``value(_:_:)``.
enum DecimalNumber {
    /// The number that starts at `start`, and the first byte behind it.
    ///
    /// - Returns: `nil` where no JSON number stands; an infinite value for one that is too large.
    static func scan(_ text: Span<UInt8>, from start: Int) -> (value: Double, end: Int)? {
        var position = start
        let isNegative = position < text.count && text[position] == UInt8(ascii: "-")
        if isNegative { position += 1 }

        var mantissa: UInt64 = 0
        var digits = 0
        var exponent = 0
        let first = position
        while position < text.count, let digit = digit(text[position]) {
            if digits < 19 {
                mantissa = mantissa * 10 + digit
                if mantissa > 0 { digits += 1 }
            } else {
                digits += 1
                exponent += 1
            }
            position += 1
        }
        guard position > first else { return nil }
        if text[first] == UInt8(ascii: "0"), position - first > 1 { return nil }

        if position < text.count, text[position] == UInt8(ascii: ".") {
            position += 1
            let fraction = position
            while position < text.count, let digit = digit(text[position]) {
                if digits < 19 {
                    mantissa = mantissa * 10 + digit
                    if mantissa > 0 { digits += 1 }
                    exponent -= 1
                } else {
                    digits += 1
                }
                position += 1
            }
            guard position > fraction else { return nil }
        }
        if position < text.count, text[position] | 0x20 == UInt8(ascii: "e") {
            guard let (power, end) = scanExponent(text, from: position + 1) else { return nil }
            exponent += power
            position = end
        }

        if mantissa == 0, digits == 0 { return (isNegative ? -0.0 : 0, position) }
        // Digits that were left out make the number larger, but by less than one of the last.
        if let value = value(mantissa, exponent),
            digits <= 19 || value == DecimalNumber.value(mantissa + 1, exponent)
        {
            return (isNegative ? -value : value, position)
        }
        return (slow(text.extracting(start..<position)), position)
    }

    private static func digit(_ byte: UInt8) -> UInt64? {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
            ? UInt64(byte - UInt8(ascii: "0")) : nil
    }

    private static func scanExponent(_ text: Span<UInt8>, from start: Int) -> (Int, Int)? {
        var position = start
        var isNegative = false
        if position < text.count,
            text[position] == UInt8(ascii: "-") || text[position] == UInt8(ascii: "+")
        {
            isNegative = text[position] == UInt8(ascii: "-")
            position += 1
        }
        var power = 0
        let first = position
        while position < text.count, let digit = digit(text[position]) {
            power = min(power * 10 + Int(digit), 1 << 40)
            position += 1
        }
        return position > first ? (isNegative ? -power : power, position) : nil
    }

    private static func slow(_ text: Span<UInt8>) -> Double {
        var characters: [UInt8] = []
        for i in text.indices { characters.append(text[i]) }
        let string = String(decoding: characters, as: UTF8.self)
        // The standard library gives nil only for what is no number, which the scan excludes; it
        // reads what is too large as infinite.
        return Double(string) ?? .nan
    }
}
