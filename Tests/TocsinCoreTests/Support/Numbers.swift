import Testing

@testable import TocsinCore

/// Expects two vectors to be equal within a tolerance, and shows the first place where they are
/// not; NaN equals NaN.
func expectClose(
    _ found: [Double],
    _ expected: [Double],
    tolerance: Double,
    _ comment: Comment? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    guard found.count == expected.count else {
        Issue.record(
            "\(found.count) elements; expected \(expected.count)",
            sourceLocation: sourceLocation
        )
        return
    }
    for (index, pair) in zip(found, expected).enumerated()
    where !(abs(pair.0 - pair.1) <= tolerance) && !(pair.0.isNaN && pair.1.isNaN) {
        Issue.record(
            "[\(index)] is \(pair.0); expected \(pair.1) ± \(tolerance) \(comment?.rawValue ?? "")",
            sourceLocation: sourceLocation
        )
        return
    }
}

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
