/// ln x for two numbers at once, both normal and > 0; off by less than 10⁻¹⁵ (1 + |ln x|).
///
///     x = 2^e m,   √½ ≤ m < √2,   f = (m − 1)/(m + 1)
///     ln x = e ln 2 + 2 (f + f³/3 + f⁵/5 + …)
///
/// |f| ≤ 0.172, so the first term left out, f²¹/21, is below 10⁻¹⁷. The C library's takes one number at
/// a time; here two cost less than its one, and forty are wanted per frame.
@inline(__always)
func logarithm(_ x: SIMD2<Double>) -> SIMD2<Double> {
    let lowest = SIMD2<UInt64>(repeating: 0.5.squareRoot().bitPattern)
    let one = SIMD2<UInt64>(repeating: 1.0.bitPattern)
    let fraction = SIMD2<UInt64>(repeating: 1 << 52 &- 1)
    // A whole number below 2⁵², written into the fraction of 2⁵², is 2⁵² and that number.
    let shift = SIMD2<UInt64>(repeating: (0x1p52).bitPattern)

    let bits = SIMD2(x[0].bitPattern, x[1].bitPattern) &+ (one &- lowest)
    let exponent = (bits &>> 52) | shift
    let mantissa = (bits & fraction) &+ lowest
    let e = numbers(exponent) - (0x1p52 + 1023)
    let m = numbers(mantissa)

    let f = (m - 1) / (m + 1)
    let s = f * f
    // Two short chains, of the even and of the odd powers of s, instead of a long one.
    let q = s * s
    var even = q * (2.0 / 19) + 2.0 / 15
    even = even * q + 2.0 / 11
    even = even * q + 2.0 / 7
    even = even * q + 2.0 / 3
    var odd = q * (2.0 / 17) + 2.0 / 13
    odd = odd * q + 2.0 / 9
    odd = odd * q + 2.0 / 5
    let series = even + s * odd
    return e * 0.693147180559945309 + (f * 2 + f * s * series)
}

@inline(__always)
private func numbers(_ bits: SIMD2<UInt64>) -> SIMD2<Double> {
    SIMD2(Double(bitPattern: bits[0]), Double(bitPattern: bits[1]))
}
