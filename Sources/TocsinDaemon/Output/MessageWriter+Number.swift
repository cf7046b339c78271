internal import CTocsinKernels

// Numbers of six significant digits. Which way a number goes must not depend on its digits, its
// sign or its size, as long as it is an everyday one: a branch that nobody can foresee costs more
// than all of the rest. So everything is written that might be needed, and what counts is counted.

extension MessageWriter {
    /// No number is longer.
    static let longestNumber = 32

    /// Appends a number with up to six significant digits, without zeros behind the last one;
    /// `null` for one that is not finite.
    mutating func append(_ number: Double) { append(number, Self.rounded(number)) }

    /// The same for a number that was rounded together with others.
    @inline(__always)
    mutating func append(_ number: Double, _ decimal: Decimal) {
        guard decimal.length > 0 else { return appendUnusual(number) }
        append(decimal, isNegative: number < 0)
    }

    /// A number rounded to six digits; only one of everyday size is.
    typealias Decimal = tocsin_decimal

    /// Rounds numbers together, which takes less time than one by one; `decimals` grows if it has
    /// to.
    static func round(_ numbers: [Double], into decimals: inout [Decimal]) {
        if decimals.count < numbers.count {
            decimals = Array(repeating: Decimal(), count: numbers.count)
        }
        unsafe tocsin_decimals(numbers, &decimals, numbers.count)
    }

    private static func rounded(_ number: Double) -> Decimal {
        var (number, decimal) = (number, Decimal())
        unsafe tocsin_decimals(&number, &decimal, 1)
        return decimal
    }

    /// Appends a number that is large, small or none.
    @inline(never)
    private mutating func appendUnusual(_ number: Double) {
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
        decimal.exponent = Int32(exponent)
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
            let (exponent, length) = (Int(decimal.exponent), Int(decimal.length))
            let isSmall = exponent < 0
            let leading = isSmall ? 1 &- exponent : 0
            let digits = unsafe place + leading
            unsafe digits.storeBytes(of: decimal.text.littleEndian, as: UInt64.self)
            // The point of a small number is written behind all digits, where it does not count.
            let whole = isSmall ? 0 : exponent &+ 1
            let point = isSmall ? 8 : whole
            let fraction = decimal.text &>> UInt64(truncatingIfNeeded: 8 &* point)
            unsafe digits.storeBytes(of: UInt8(ascii: "."), toByteOffset: point, as: UInt8.self)
            unsafe digits.storeBytes(
                of: fraction.littleEndian,
                toByteOffset: point &+ 1,
                as: UInt64.self
            )
            return sign &+ leading &+ max(length, whole) &+ (length > point ? 1 : 0)
        }
    }

    /// "00000000" and "0.000000".
    @inline(__always)
    private static var zeros: UInt64 { 0x3030_3030_3030_3030 }
    @inline(__always)
    private static var zeroPoint: UInt64 { 0x3030_3030_3030_2E30 }

    private static func scale(_ number: Double, by power: Int) -> Double {
        power >= 0 ? number * powers[power] : number / powers[-power]
    }

    /// 10⁰ … 10²², the powers of ten that a `Double` holds exactly.
    private static let powers: InlineArray<23, Double> = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ]
}
