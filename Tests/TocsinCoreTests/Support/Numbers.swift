@testable import TocsinCore

extension SeededGenerator {
    /// A whole number drawn evenly from `range`.
    mutating func integer(in range: Range<Int>) -> Int {
        Int.random(in: range, using: &self)
    }

    /// A number drawn evenly from `range`.
    mutating func number(in range: ClosedRange<Double>) -> Double {
        range.lowerBound + uniform() * (range.upperBound - range.lowerBound)
    }
}

extension Timestamp {
    /// Seconds after 2026-01-01T00:00:00Z.
    static func at(_ seconds: Double) -> Timestamp {
        Timestamp(microseconds: 1_767_225_600_000_000 + Int64((seconds * 1e6).rounded()))
    }
}

extension String {
    var bytes: [UInt8] { Array(utf8) }
}
