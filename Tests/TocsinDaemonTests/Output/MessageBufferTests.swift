import Glibc
import Testing
import TocsinCore

@testable import TocsinDaemon

struct MessageBufferTests {
    private func text(_ number: Double) -> String {
        String(
            decoding: bytes(atMost: MessageWriter.longestNumber) { $0.append(number) },
            as: UTF8.self
        )
    }

    private func bytes(atMost most: Int, _ body: (inout MessageWriter) -> Void) -> [UInt8] {
        var buffer = MessageBuffer(capacity: 1)
        buffer.write(atMost: most, body)
        return buffer.withSpan { span in span.indices.map { span[$0] } }
    }

    @Test func `numbers are as short as their digits allow`() {
        let cases: [(Double, String)] = [
            (0, "0"), (-0.0, "0"), (1, "1"), (-1, "-1"), (0.5, "0.5"), (100, "100"),
            (123_456, "123456"), (1_234_567, "1234570"), (12_345_678.9, "12345700"),
            (999_999.4, "999999"), (999_999.5, "1000000"), (0.999_999_6, "1"),
            (0.1, "0.1"), (0.012_345_67, "0.0123457"), (0.000_012_5, "0.0000125"),
            (0.000_001_25, "1.25e-6"), (-3.5e-12, "-3.5e-12"), (123_456_789, "123457000"),
            (0.000_009_999_999, "0.00001"), (-0.099_999_96, "-0.1"), (9.999_995_1, "10"),
            (-1e5, "-100000"), (20_000_000, "20000000"), (99_999_951, "100000000"),
            (1.25e9, "1.25e9"), (9.999_999e17, "1e18"), (1e300, "1e+300"), (1e-300, "1e-300"),
            (.nan, "null"), (.infinity, "null"), (-.infinity, "null"),
        ]
        for (number, wanted) in cases { #expect(text(number) == wanted) }
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

    @Test func `a number is the same alone and among others`() {
        var random = SeededGenerator(seed: 2)
        var rounded = RoundedNumbers()
        for count in [1, 3, 7, 8, 9, 19, 64] {
            let names = (0..<count).map { i in
                Array("\"\(String(repeating: "n", count: i))\":".utf8)
            }
            let members = MessageMembers(names)
            let numbers = (0..<count).map { i in
                let number = (random.uniform() - 0.5) * [1e-7, 1e-3, 1, 1e4, 1e8][i % 5]
                return i % 7 == 6 ? .nan : number
            }
            rounded.round(count) { told in for i in 0..<count { told[i] = numbers[i] } }
            let together = bytes(atMost: members.longest) { message in
                message.append(0..<count, of: members.view, rounded)
            }
            let positive = bytes(atMost: members.longest) { message in
                message.append(0..<count, of: members.view, above: 0, rounded)
            }
            func alone(_ i: Int) -> [UInt8] { names[i] + Array((text(numbers[i]) + ",").utf8) }
            let there = numbers.indices.filter { !numbers[$0].isNaN }
            #expect(together == there.flatMap(alone))
            #expect(positive == there.filter { numbers[$0] > 0 }.flatMap(alone))
        }
    }

    @Test func `what is rounded is the nearest of six digits`() throws {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<20_000 {
            var number = 1 + 9 * random.uniform()
            for _ in 0..<Int(5 * random.uniform()) { number *= 10 }
            guard number < 999_999 else { continue }
            let places = 5 - Int(log10(number))
            let wanted = (number * pow(10, Double(places))).rounded()
            let read = try #require(Double(text(number)))
            #expect((read * pow(10, Double(places))).rounded() == wanted)
        }
    }

    @Test func `a buffer has room for what is put into it`() {
        var wanted: [UInt8] = []
        let parts = (0..<1000).map { i in (0..<i % 40).map { UInt8($0) } }
        for part in parts { wanted += part + part }
        let written = bytes(atMost: wanted.count) { message in
            for part in parts {
                let padded = part + Array(repeating: 0, count: 16)
                message.append(part.span)
                message.append(padded.span, 0..<part.count)
            }
        }
        #expect(written == wanted)
    }

    @Test func `a buffer is written anew`() {
        var buffer = MessageBuffer(capacity: 1)
        buffer.write(atMost: 2000) { message in for _ in 0..<2000 { message.append("a") } }
        buffer.write(atMost: 3) { $0.append("bcd") }
        #expect(buffer.withSpan { span in span.indices.map { span[$0] } } == Array("bcd".utf8))
    }

    @Test func `only the comma at the end of a list goes`() {
        #expect(bytes(atMost: 8) { $0.endList() } == [])
        let list = bytes(atMost: 8) { message in
            message.append("[1,")
            message.endList()
            message.endList()
        }
        #expect(list == Array("[1".utf8))
    }
}
