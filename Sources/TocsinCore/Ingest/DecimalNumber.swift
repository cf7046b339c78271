/// Reads decimal numbers as JSON writes them, correctly rounded.
///
/// Up to 19 digits are gathered in an integer. When it is below 2⁵³ and the power of ten is one that
/// a `Double` holds exactly, one multiplication or division gives the right result (Clinger 1990,
/// "How to read floating point numbers accurately", the fast path). With up to 19 digits and a power
/// of ten within ± 27, 128 bits hold what has to be rounded: that is where the 17 digits of a number
/// printed by Python fall. The standard library reads the rest, and allocates for it.
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
        if digits <= 19, mantissa < 1 << 53, abs(exponent) <= 22 {
            let scaled =
                exponent < 0
                ? Double(mantissa) / powers[-exponent] : Double(mantissa) * powers[exponent]
            return (isNegative ? -scaled : scaled, position)
        }
        if digits <= 19, abs(exponent) <= 27 {
            let scaled = rounded(mantissa, exponent)
            return (isNegative ? -scaled : scaled, position)
        }
        return (slow(text.extracting(start..<position)), position)
    }

    /// `mantissa` × 10^`exponent`, rounded to nearest; `mantissa` is not 0, `exponent` within ± 27.
    ///
    /// 10ᵉ = 5ᵉ 2ᵉ, and the power of two only moves the point. The product with 5²⁷ fits into 127
    /// bits. A quotient is taken of the mantissa moved to the upper end, so that it has at least 64
    /// bits; what is left over becomes its last bit, which lies below the one that rounds.
    private static func rounded(_ mantissa: UInt64, _ exponent: Int) -> Double {
        var five: UInt128 = 1
        for _ in 0..<abs(exponent) { five *= 5 }
        let bits: UInt128
        var scale = exponent
        if exponent >= 0 {
            bits = UInt128(mantissa) * five
        } else {
            let shift = UInt128(mantissa).leadingZeroBitCount
            let (quotient, rest) = (UInt128(mantissa) << shift).quotientAndRemainder(
                dividingBy: five
            )
            bits = rest == 0 ? quotient : quotient | 1
            scale -= shift
        }
        let surplus = max(64 - bits.leadingZeroBitCount, 0)
        var upper = UInt64(truncatingIfNeeded: bits >> surplus)
        if bits.trailingZeroBitCount < surplus { upper |= 1 }
        return Double(sign: .plus, exponent: scale + surplus, significand: Double(upper))
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

    /// 10⁰ … 10²², the powers of ten that a `Double` holds exactly.
    private static let powers: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ]
}
