public import Testing

/// Expects two vectors to be equal within a tolerance, and shows the first place where they are
/// not; NaN equals NaN.
public func expectClose<Value: BinaryFloatingPoint>(
    _ found: [Value],
    _ expected: [Value],
    tolerance: Value,
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
