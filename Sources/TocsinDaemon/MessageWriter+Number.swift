// Numbers of six significant digits. Which way a number goes must not depend on its digits, its sign
// or its size, as long as it is an everyday one: a branch that nobody can foresee costs more than all
// of the rest. So everything is written that might be needed, and what counts is counted.

extension MessageWriter {
    /// No number is longer.
    static let longestNumber = 32

    /// Appends a number with up to six significant digits, without zeros behind the last one; `null`
    /// for one that is not finite.
    @inline(__always)
    mutating func append(_ number: Double?) {
        guard let number else { return append("null") }
        let size = abs(number)
        guard size >= 1e-5, size < 999_999.5 else { return appendUnusual(number) }
        // log₁₀ 2 times the binary exponent is the decimal one, or one below.
        let binary = Int(truncatingIfNeeded: size.bitPattern &>> 52) &- 1023
        let below = (binary &* 1233) &>> 12
        let exponent = below &+ (size >= Self.tens[below &+ 6] ? 1 : 0)
        let decimal = Decimal(size * Self.tens[10 &- exponent], exponent: exponent)
        append(decimal, isNegative: number < 0)
    }

    /// The same for a number that is large, small or none.
    @inline(never)
    private mutating func appendUnusual(_ number: Double) {
        guard number.isFinite else { return append("null") }
        guard number != 0 else { return append(UInt8(ascii: "0")) }
        let size = abs(number)
        guard size >= 1e-15, size < 1e18 else {
            return append(Array(number.description.utf8).span)
        }
        var decimal = Decimal(size)
        let exponent = decimal.exponent
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
    @inline(__always)
    private mutating func append(_ decimal: Decimal, isNegative: Bool) {
        unsafe append { start in
            unsafe start.storeBytes(of: UInt8(ascii: "-"), as: UInt8.self)
            let sign = isNegative ? 1 : 0
            // What stands before the digits of a small number, and behind those of a large one.
            let place = unsafe start + sign
            unsafe place.storeBytes(of: Self.zeroPoint.littleEndian, as: UInt64.self)
            unsafe place.storeBytes(of: Self.zeros, toByteOffset: 8, as: UInt64.self)
            let isSmall = decimal.exponent < 0
            let leading = isSmall ? 1 &- decimal.exponent : 0
            let digits = unsafe place + leading
            unsafe digits.storeBytes(of: decimal.text.littleEndian, as: UInt64.self)
            // The point of a small number is written behind all digits, where it does not count.
            let whole = isSmall ? 0 : decimal.exponent &+ 1
            let point = isSmall ? 8 : whole
            let fraction = decimal.text &>> UInt64(truncatingIfNeeded: 8 &* point)
            unsafe digits.storeBytes(of: UInt8(ascii: "."), toByteOffset: point, as: UInt8.self)
            unsafe digits.storeBytes(
                of: fraction.littleEndian,
                toByteOffset: point &+ 1,
                as: UInt64.self
            )
            return sign &+ leading &+ max(decimal.length, whole)
                &+ (decimal.length > point ? 1 : 0)
        }
    }

    /// 10⁻⁵ … 10¹⁰.
    private static let tens: InlineArray<16, Double> = [
        1e-5, 1e-4, 1e-3, 1e-2, 1e-1,
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10,
    ]

    /// "00000000" and "0.000000".
    @inline(__always)
    private static var zeros: UInt64 { 0x3030_3030_3030_3030 }
    @inline(__always)
    private static var zeroPoint: UInt64 { 0x3030_3030_3030_2E30 }
}

/// A positive number rounded to six digits: d.ddddd × 10^exponent.
private struct Decimal {
    /// The digits, the first of them lowest, and zeros behind them.
    var text: UInt64
    /// How many there are without the zeros at the end.
    var length: Int
    var exponent: Int

    /// Of a number that was scaled to 10⁵ … 10⁶.
    @inline(__always)
    init(_ scaled: Double, exponent: Int) {
        let rounded = UInt32(scaled + 0.5)
        let carries = rounded >= 1_000_000
        self.exponent = exponent &+ (carries ? 1 : 0)
        let number = carries ? 100_000 : rounded
        // Split in halves, all at once: 8 digits into 4 and 4, each into 2 and 2, each into 1 and 1.
        let upper = number / 10_000
        var word = UInt64(upper) | UInt64(number &- 10_000 &* upper) &<< 32
        let hundreds = (word &* 10_486) &>> 20 & 0x0000_007F_0000_007F
        word = (word &- 100 &* hundreds) &<< 16 | hundreds
        let tens = (word &* 103) &>> 10 & 0x000F_000F_000F_000F
        word = (word &- 10 &* tens) &<< 8 | tens
        // Eight digits, of which the first two are zeros.
        word &>>= 16
        length = 8 &- word.leadingZeroBitCount &>> 3
        text = word | 0x3030_3030_3030_3030
    }

    /// Of any number from 1e-15 up to 1e18.
    init(_ size: Double) {
        // The decimal exponent, or one below.
        var exponent = (Int(size.exponent) * 1233) >> 12
        if Decimal.scale(size, by: 5 - exponent) >= 999_999.5 { exponent += 1 }
        self.init(Decimal.scale(size, by: 5 - exponent), exponent: exponent)
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
