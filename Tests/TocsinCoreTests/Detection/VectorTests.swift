import Glibc
import Testing
import TocsinTestNumbers

@testable import TocsinCore

/// What is computed in several lanes at once, against one number at a time.
struct VectorTests {
    @Test func `the logarithm is that of the C library`() {
        var random = SeededGenerator(seed: 1)
        var worst = 0.0
        func compare(_ a: Double, _ b: Double) {
            let found = logarithm(SIMD2(a, b))
            worst = max(worst, abs(found[0] - log(a)) / (1 + abs(log(a))))
            worst = max(worst, abs(found[1] - log(b)) / (1 + abs(log(b))))
        }
        for _ in 0..<20_000 {
            compare(exp(random.number(in: -700...700)), 1 + 1e-3 * random.normal())
        }
        // Where the exponent changes, and the ends of the normal numbers.
        compare(0.5.squareRoot(), 0.5.squareRoot().nextDown)
        compare(2.0.squareRoot(), 2.0.squareRoot().nextUp)
        compare(.leastNormalMagnitude, .greatestFiniteMagnitude)
        compare(1, 2)
        #expect(worst < 1e-15)
    }

    @Test(arguments: [1, 2, 15, 16, 17, 33, 64])
    func `a triangle in tiles gives the length of the plain product`(size: Int) {
        var random = SeededGenerator(seed: UInt64(size))
        func draw(_ count: Int) -> [Float] { (0..<count).map { _ in Float(random.normal()) } }
        let rows = draw(size * (size + 1) / 2)
        let (x, mean) = (draw(size), draw(size))
        var plain = 0.0
        for i in 0..<size {
            var sum = 0.0
            for j in 0...i {
                sum += Double(rows[i * (i + 1) / 2 + j]) * (Double(x[j]) - Double(mean[j]))
            }
            plain += sum * sum
        }
        let tiles = TriangularTiles(rows: rows, size: size)
        let found = tiles.squaredLength(of: x.span, from: mean.span)
        expectClose([found / plain], [1], tolerance: 1e-4)
    }

    @Test func `lanes beyond the end are zero`() {
        let numbers: [Float] = (0..<20).map { Float($0) + 1 }
        #expect(numbers.span.lanes(at: 0) == Lanes((1...16).map { Float($0) }))
        let end = numbers.span.lanes(at: 16)
        #expect((0..<16).map { end[$0] } == [17, 18, 19, 20] + Array(repeating: 0, count: 12))
        #expect(numbers.span.lanes(at: 32) == .zero)
    }
}
