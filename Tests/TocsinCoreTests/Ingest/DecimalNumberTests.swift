import Testing

@testable import TocsinCore

struct DecimalNumberTests {
    private func scan(_ text: String) -> (value: Double, end: Int)? {
        let bytes = text.bytes
        return DecimalNumber.scan(bytes.span, from: 0)
    }

    private func expectSame(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) {
        let found = scan(text)
        let expected = Double(text)
        #expect(
            found?.value.bitPattern == expected?.bitPattern && found?.end == text.utf8.count,
            "\(text) was read as \(found?.value ?? .nan)",
            sourceLocation: sourceLocation
        )
    }

    @Test(arguments: [
        "0", "-0", "0.0", "-0.0e5", "1", "-1", "21.5", "1e5", "1E+5", "1e-5", "0.1", "0.3",
        "21.299999999999997", "123456789012345678", "9007199254740993", "9007199254740992.5",
        "18446744073709551615", "18446744073709551616", "99999999999999999999999",
        "1.7976931348623157e308", "1.7976931348623159e308", "1e309", "-1e400", "1e99999999999",
        "4.9e-324", "2.4e-324", "2.5e-324", "2.2250738585072011e-308", "1e-400", "0e99999",
        "0.000000000000000000000000000000000000000000001", "1e23", "8.5e22", "9.5e-23",
        "7.2057594037927933e16", "100000000000000000000000000000000000000000000e-44",
        "0.10000000000000000555111512312578270211815834045410156250000000000000000000000001",
        "179769313486231580793728971405303415079934132710037826936173778980444968292764750946649",
        "1000000000000000000000", "10000000000000000000000000", "123456789012345678e-27",
        "1234567890123456789e27", "3.5e-27", "1e27", "9223372036854775807e-19",
    ])
    func `nasty numbers are read as the standard library reads them`(text: String) {
        expectSame(text)
    }

    @Test func `random numbers of any length are read as the standard library reads them`() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<6000 {
            var text = random.uniform() < 0.3 ? "-" : ""
            let digits = random.integer(in: 1..<24)
            text += "\(random.integer(in: 1..<10))"
            for _ in 1..<max(digits, 1) { text += "\(random.integer(in: 0..<10))" }
            if random.uniform() < 0.7 {
                text += "."
                for _ in 0..<random.integer(in: 1..<24) { text += "\(random.integer(in: 0..<10))" }
            }
            if random.uniform() < 0.4 { text += "e\(random.integer(in: -330..<330))" }
            expectSame(text)
        }
    }

    @Test func `every double that is printed is read back bit for bit`() {
        var random = SeededGenerator(seed: 8)
        for _ in 0..<3000 {
            let value = Double(bitPattern: random.next())
            if value.isFinite { #expect(scan("\(value)")?.value == value) }
            let sensor = random.number(in: -1000...1000)
            #expect(scan("\(sensor)")?.value == sensor)
        }
    }

    /// Digits, perhaps with a point and an exponent.
    private func number(_ random: inout SeededGenerator) -> String {
        let mantissa = random.next() >> UInt64(random.integer(in: 0..<64))
        switch random.integer(in: 0..<6) {
        case 0: return "\(mantissa)e\(random.integer(in: -345..<300))"
        case 1: return "\(mantissa).\(random.next())"
        case 2: return "-0.\(mantissa)"
        case 3: return "\(Double(bitPattern: random.next() >> 1 & ~(1 << 62)))"
        case 4: return "\(random.integer(in: -1000..<1000)).\(random.integer(in: 0..<10_000))"
        default: return "\(random.number(in: -1000...1000))"
        }
    }

    @Test func `a hundred thousand numbers are read as the standard library reads them`() {
        var random = SeededGenerator(seed: 10)
        var wrong: [String] = []
        var fast = 0
        for _ in 0..<100_000 {
            let text = number(&random)
            let expected = Double(text)
            let plain = scan(text)
            var padded: [UInt8] = []
            _ = padded.replace(padded: text.bytes.span)
            let words = DecimalNumber.scan(padded.span, at: 0)
            let length = text.utf8.count
            if plain?.value.bitPattern != expected?.bitPattern || plain?.end != length {
                wrong.append(text)
            }
            guard let words else { continue }
            fast += 1
            if words.value.bitPattern != expected?.bitPattern || words.end != length {
                wrong.append("in words: \(text)")
            }
        }
        #expect(wrong == [])
        #expect(fast > 40_000 && fast < 90_000)
    }

    @Test(arguments: ["", "-", "+1", ".5", "1.", "-.5", "01", "-01", "1.x", "x", "--1", "00000000"])
    func `what JSON does not allow is no number in words either`(text: String) {
        var padded: [UInt8] = []
        _ = padded.replace(padded: text.bytes.span)
        #expect(DecimalNumber.scan(padded.span, at: 0) == nil)
    }

    @Test func `the table holds the powers of five, cut off after 128 bits`() {
        let table = PowersOfFive.table
        #expect(table.count == PowersOfFive.exponents.count)
        var power: UInt128 = 1
        for exponent in PowersOfFive.exact {
            let (high, low) = PowersOfFive.power(exponent)
            #expect(UInt128(high) << 64 | UInt128(low) == power << power.leadingZeroBitCount)
            power = power.multipliedReportingOverflow(by: 5).partialValue
        }
        // Five times a power is the next one, but for what was cut off.
        for (i, (lower, upper)) in zip(table, table.dropFirst()).enumerated() {
            let product = lower.multipliedFullWidth(by: 5)
            let shift = UInt128(product.high.bitWidth - product.high.leadingZeroBitCount)
            let exact = UInt128(product.high) << (128 - shift) | product.low >> shift
            // 5⁰ is all that a number cut off grows over.
            if i + 1 == -PowersOfFive.exponents.lowerBound { continue }
            #expect(upper >= exact && upper - exact <= 4, "\(i)")
        }
        for exponent in -19...0 {
            let (high, low) = PowersOfFive.power(exponent)
            let entry = table[exponent - PowersOfFive.exponents.lowerBound]
            #expect(UInt128(high) << 64 | UInt128(low) == entry)
        }
    }

    @Test func `half way between two doubles goes to the even one`() {
        var random = SeededGenerator(seed: 9)
        for _ in 0..<2000 {
            // Odd 54-bit numbers lie half way; a last digit more or less tips the scale.
            let half = UInt64(1) << 53 | random.next() >> 11 | 1
            expectSame("\(half)")
            expectSame("\(half).0000000001")
            expectSame("\(half - 1).9999999999")
            expectSame("\(half)e-3")
        }
    }

    @Test func `an exponent and as many zeros cancel each other`() {
        let zeros = String(repeating: "0", count: 120_000)
        expectSame("0.\(zeros)1e120001")
        expectSame("0.\(zeros)1e999999")
        expectSame("1\(zeros)e-120000")
    }

    @Test(arguments: ["", "-", "+1", ".5", "1.", "-.5", "01", "-01", "1e", "1e+", "e5", "x", "--1"])
    func `what JSON does not allow is no number`(text: String) {
        #expect(scan(text) == nil)
    }

    @Test(arguments: [("1,", 1), ("1 2", 1), ("1.5.5", 3), ("1e5e", 3), ("0x10", 1), ("-0-", 2)])
    func `reading stops behind the number`(text: String, end: Int) {
        #expect(scan(text)?.end == end)
    }
}
