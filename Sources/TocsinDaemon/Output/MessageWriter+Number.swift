internal import CTocsinKernels

// Numbers of six significant digits.

extension MessageWriter {
    /// No number is longer.
    static let longestNumber = Int(TOCSIN_LONGEST_NUMBER)

    /// Appends a number with up to six significant digits, without zeros behind the last one;
    /// `null` for one that is not finite.
    mutating func append(_ number: Double) {
        let decimal = Self.rounded(number)
        guard decimal.length > 0 else { return appendUnusual(number) }
        append(decimal, isNegative: number < 0)
    }

    /// A number rounded to six digits; only one of everyday size is.
    private struct Decimal {
        var text: UInt64
        var length: Int
        var exponent: Int
    }

    private static func rounded(_ number: Double) -> Decimal {
        var numbers = InlineArray<8, Double>(repeating: number)
        var decimals = tocsin_decimals()
        unsafe withUnsafePointer(to: &numbers) { numbers in
            unsafe numbers.withMemoryRebound(to: Double.self, capacity: 8) {
                unsafe tocsin_round($0, &decimals, 1)
            }
        }
        return Decimal(
            text: decimals.text.0,
            length: Int(decimals.length.0),
            exponent: Int(decimals.exponent.0)
        )
    }

    /// Appends a number that is large, small or none.
    @inline(never)
    mutating func appendUnusual(_ number: Double) {
        guard number.isFinite else { return append("null") }
        guard number != 0 else { return append(UInt8(ascii: "0")) }
        let size = abs(number)
        guard size >= 1e-15, size < 1e18 else {
            return append(Array(number.description.utf8).span)
        }
        // The decimal exponent, or one below; it is moved to 5 and back.
        var exponent = (Int(size.exponent) * 1233) >> 12
        if Self.scale(size, by: 5 - exponent) >= 999_999.5 { exponent += 1 }
        var decimal = Self.rounded(Self.scale(size, by: 5 - exponent))
        decimal.exponent = exponent
        guard exponent >= 9 || exponent < -5 else {
            return append(decimal, isNegative: number < 0)
        }
        decimal.exponent = 0
        append(decimal, isNegative: number < 0)
        append(UInt8(ascii: "e"))
        if exponent < 0 { append(UInt8(ascii: "-")) }
        // Two digits at most, since the number lies between 1e-15 and 1e18.
        if abs(exponent) >= 10 { append(UInt8(ascii: "1")) }
        append(UInt8(ascii: "0") + UInt8(abs(exponent) % 10))
    }

    /// Appends d.ddd × 10^exponent as a plain number; the exponent lies between −5 and 8.
    private mutating func append(_ decimal: Decimal, isNegative: Bool) {
        unsafe append { place in
            let start = unsafe place.assumingMemoryBound(to: CChar.self)
            let (length, exponent) = (decimal.length, decimal.exponent)
            return unsafe tocsin_write_decimal(start, isNegative, decimal.text, length, exponent)
                - start
        }
    }

    private static func scale(_ number: Double, by power: Int) -> Double {
        power >= 0 ? number * powers[power] : number / powers[-power]
    }

    /// 10⁰ … 10²², the powers of ten that a `Double` holds exactly.
    private static let powers: InlineArray<23, Double> = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ]
}
