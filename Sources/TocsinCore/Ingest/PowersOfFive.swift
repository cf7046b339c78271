/// The upper 128 bits of every power of five that a `Double` may need, for ``DecimalNumber``.
///
/// A power is scaled by a power of two so that its highest bit is the highest of the 128; what does
/// not fit is cut off. Up to 5⁵⁵ nothing has to be.
enum PowersOfFive {
    /// The exponents in the table: beyond them 19 digits are 0 or infinite.
    static let exponents = -342...308
    /// The exponents whose power is in the table without loss.
    static let exact = 0...55

    /// The power with this exponent, in two halves.
    @inline(__always)
    static func power(_ exponent: Int) -> (high: UInt64, low: UInt64) {
        // A table that is made at first use is asked for each time whether it has been made.
        if exponent <= 0, exponent >= -19 {
            let i = 2 &* (exponent &+ 19)
            return (everyday[i], everyday[i &+ 1])
        }
        let power = table[exponent - exponents.lowerBound]
        return (UInt64(truncatingIfNeeded: power >> 64), UInt64(truncatingIfNeeded: power))
    }

    /// Upper and lower halves for the exponents from -19 to 0, which a point among 19 digits needs.
    static let everyday: [UInt64] = [
        0xEC1E_4A7D_B695_61A5, 0x2B31_E9E3_D06C_32E5,
        0x9392_EE8E_921D_5D07, 0x3AFF_322E_6243_9FCF,
        0xB877_AA32_36A4_B449, 0x09BE_FEB9_FAD4_87C2,
        0xE695_94BE_C44D_E15B, 0x4C2E_BE68_7989_A9B3,
        0x901D_7CF7_3AB0_ACD9, 0x0F9D_3701_4BF6_0A10,
        0xB424_DC35_095C_D80F, 0x5384_84C1_9EF3_8C94,
        0xE12E_1342_4BB4_0E13, 0x2865_A5F2_06B0_6FB9,
        0x8CBC_CC09_6F50_88CB, 0xF93F_87B7_442E_45D3,
        0xAFEB_FF0B_CB24_AAFE, 0xF78F_69A5_1539_D748,
        0xDBE6_FECE_BDED_D5BE, 0xB573_440E_5A88_4D1B,
        0x8970_5F41_36B4_A597, 0x3168_0A88_F895_3030,
        0xABCC_7711_8461_CEFC, 0xFDC2_0D2B_36BA_7C3D,
        0xD6BF_94D5_E57A_42BC, 0x3D32_9076_0469_1B4C,
        0x8637_BD05_AF6C_69B5, 0xA63F_9A49_C2C1_B10F,
        0xA7C5_AC47_1B47_8423, 0x0FCF_80DC_3372_1D53,
        0xD1B7_1758_E219_652B, 0xD3C3_6113_404E_A4A8,
        0x8312_6E97_8D4F_DF3B, 0x645A_1CAC_0831_26E9,
        0xA3D7_0A3D_70A3_D70A, 0x3D70_A3D7_0A3D_70A3,
        0xCCCC_CCCC_CCCC_CCCC, 0xCCCC_CCCC_CCCC_CCCC,
        0x8000_0000_0000_0000, 0x0000_0000_0000_0000,
    ]

    /// One entry per exponent, from the lowest on.
    static let table: [UInt128] = {
        var upper: [UInt128] = []
        var power: [UInt64] = [1]
        for _ in 0...exponents.upperBound {
            upper.append(leadingBits(power))
            multiplyByFive(&power)
        }
        // 2⁹⁶⁰ divided by five again and again: a floor of a floor is the floor of the whole. The
        // last one, by 5³⁴², still has 165 bits.
        var lower: [UInt128] = []
        var reciprocal = Array(repeating: UInt64(0), count: 15) + [1]
        for _ in 1 ... -exponents.lowerBound {
            divideByFive(&reciprocal)
            lower.append(leadingBits(reciprocal))
        }
        return lower.reversed() + upper
    }()

    /// The highest 128 bits of a number of words, the lowest first; the highest of them is 1.
    private static func leadingBits(_ words: [UInt64]) -> UInt128 {
        guard let last = words.lastIndex(where: { $0 != 0 }) else { return 0 }
        func word(_ i: Int) -> UInt128 { i >= 0 ? UInt128(words[i]) : 0 }
        let shift = words[last].leadingZeroBitCount
        let upper = word(last) << 64 | word(last - 1)
        return upper << shift | (word(last - 2) << shift) >> 64
    }

    private static func multiplyByFive(_ words: inout [UInt64]) {
        var carry: UInt64 = 0
        for i in words.indices {
            let product = words[i].multipliedFullWidth(by: 5)
            let (sum, overflows) = product.low.addingReportingOverflow(carry)
            words[i] = sum
            carry = product.high + (overflows ? 1 : 0)
        }
        if carry > 0 { words.append(carry) }
    }

    private static func divideByFive(_ words: inout [UInt64]) {
        var rest: UInt64 = 0
        for i in words.indices.reversed() {
            (words[i], rest) = UInt64(5).dividingFullWidth((rest, words[i]))
        }
    }
}
