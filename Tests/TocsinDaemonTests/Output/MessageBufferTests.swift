import Testing
import TocsinCore

@testable import TocsinDaemon

struct MessageBufferTests {
    private func text(_ number: Double?, digits: Int = 6) -> String {
        var buffer = MessageBuffer()
        buffer.append(number, digits: digits)
        return String(decoding: buffer.bytes, as: UTF8.self)
    }

    @Test func `numbers are as short as their digits allow`() {
        let cases: [(Double?, String)] = [
            (0, "0"), (-0.0, "0"), (1, "1"), (-1, "-1"), (0.5, "0.5"), (100, "100"),
            (123_456, "123456"), (1_234_567, "1234570"), (12_345_678.9, "12345700"),
            (999_999.4, "999999"), (999_999.5, "1000000"), (0.999_999_6, "1"),
            (0.1, "0.1"), (0.012_345_67, "0.0123457"), (0.000_012_5, "0.0000125"),
            (0.000_001_25, "1.25e-6"), (-3.5e-12, "-3.5e-12"), (123_456_789, "123457000"),
            (1.25e9, "1.25e9"), (9.999_999e17, "1e18"), (1e300, "1e+300"), (1e-300, "1e-300"),
            (nil, "null"), (.nan, "null"), (.infinity, "null"), (-.infinity, "null"),
        ]
        for (number, wanted) in cases { #expect(text(number) == wanted) }
        #expect(text(0.123_456, digits: 4) == "0.1235")
        #expect(text(0.999_96, digits: 4) == "1")
    }

    @Test func `numbers of any size read back as they were, to six digits`() throws {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<50_000 {
            let mantissa = 1 + 9 * random.uniform()
            var number = random.uniform() < 0.5 ? mantissa : -mantissa
            for _ in 0..<Int(20 * random.uniform()) { number *= random.uniform() < 0.7 ? 0.1 : 10 }
            guard abs(number) >= 1e-15 else { continue }
            let written = text(number)
            let read = try #require(Double(written), "\(number)")
            #expect(abs(read - number) <= 0.5001e-5 * abs(number), "\(number): \(written)")
            let digits = written.prefix { $0 != "e" }.filter(\.isNumber)
            let significant = digits.drop { $0 == "0" }
            #expect(significant.count <= 6 || significant.dropFirst(6).allSatisfy { $0 == "0" })
        }
    }

    @Test func `a buffer grows with what is put into it`() {
        var buffer = MessageBuffer(capacity: 1)
        var wanted: [UInt8] = []
        for i in 0..<1000 {
            let part = (0..<i % 40).map { UInt8($0) }
            let padded = part + Array(repeating: 0, count: 16)
            buffer.append(part.span)
            buffer.append(padded.span, 0..<part.count)
            wanted += part + part
        }
        #expect(buffer.bytes == wanted)
    }
}
