extension DecimalNumber {
    /// `mantissa` × 10^`exponent`, rounded to nearest; `nil` where this cannot decide.
    ///
    /// When the mantissa is below 2⁵³ and the power of ten is one that a `Double` holds exactly, one
    /// multiplication or division gives the right result (Clinger 1990, "How to read floating point
    /// numbers accurately", the fast path). Nearly everything else is settled by a product of 64 and
    /// 128 bits: that is where the 17 digits of a number printed by Python fall. What is left are
    /// numbers that lie half way between two doubles, or so near that 128 bits do not tell, and
    /// those at the ends of the range.
    @inline(__always)
    static func value(_ mantissa: UInt64, _ exponent: Int) -> Double? {
        if mantissa < 1 << 53, exponent >= -22, exponent <= 22 {
            return exponent < 0
                ? Double(mantissa) / powers[-exponent] : Double(mantissa) * powers[exponent]
        }
        return product(mantissa, exponent) ?? quotient(mantissa, exponent)
    }

    /// The product with the power's upper 128 bits, rounded to nearest, if these decide.
    ///
    /// 10ᵉ = 5ᵉ 2ᵉ, and the power of two only moves the point. The power was cut off, so that the
    /// true product lies above the one computed here, but by less than `mantissa` in its last place.
    /// That matters only if the bit that rounds is 0 and all below it are 1.
    ///
    /// Source: Lemire 2021, "Number parsing at a gigabyte per second", arXiv:2101.11408.
    @inline(__always)
    private static func product(_ mantissa: UInt64, _ exponent: Int) -> Double? {
        guard mantissa != 0 else { return 0 }
        guard PowersOfFive.exponents.contains(exponent) else { return nil }
        let power = PowersOfFive.power(exponent)
        let shift = mantissa.leadingZeroBitCount
        let factor = mantissa << UInt64(truncatingIfNeeded: shift)
        let upper = factor.multipliedFullWidth(by: power.high)
        let lower = factor.multipliedFullWidth(by: power.low)
        let (middle, carries) = upper.low.addingReportingOverflow(lower.high)
        let high = upper.high &+ (carries ? 1 : 0)

        // Of 63 or 64 bits 53 stay; the next one rounds. Which way is a toss of a coin: no branch.
        let surplus = 10 &+ (high >> 63)
        let kept = high &>> surplus
        let half = high &>> (surplus &- 1) & 1
        let below = high & (1 &<< (surplus &- 1) &- 1)
        var significand = kept &+ half
        if PowersOfFive.exact.contains(exponent) {
            if half == 1, kept & 1 == 0, below | middle | lower.low == 0 { significand = kept }
        } else if middle == .max, half == 0, below == 1 &<< (surplus &- 1) &- 1 {
            return nil
        }
        // 217706 / 2¹⁶ is log₂ 10, near enough for the whole part of every multiple in the table.
        let scale = Int(surplus) &+ 1 &- shift &+ (217_706 &* exponent) >> 16
        let biased = scale &+ 52 &+ 1023
        guard biased > 0, biased < 2046 else { return nil }
        // One less, since the significand's highest bit counts as well; a carry out of it is right.
        return Double(bitPattern: UInt64(biased &- 1) << 52 &+ significand)
    }

    /// The same for any exponent within ± 27, always decided; not fast.
    ///
    /// The product with 5²⁷ fits into 127 bits. A quotient is taken of the mantissa moved to the
    /// upper end, so that it has at least 64 bits; what is left over becomes its last bit, which lies
    /// below the one that rounds.
    @inline(never)
    private static func quotient(_ mantissa: UInt64, _ exponent: Int) -> Double? {
        guard abs(exponent) <= 27 else { return nil }
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

    /// 10⁰ … 10²², the powers of ten that a `Double` holds exactly.
    static let powers: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ]
}
