/// Rows in the order of their scores, highest first, in which equal scores are one step.
///
/// All rows of a step are taken or left together, since no threshold tells them apart. So a constant
/// score is one step, and earns what guessing earns.
struct ScoreRanking {
    /// The rows, highest score first, `[rows]`.
    let rows: [Int]
    /// Where in ``rows`` each step ends, rising, `[steps]`.
    let ends: [Int]

    /// A ranking; a row without a score (NaN) stands below every row with one.
    ///
    /// - Parameter scores: dimensionless, higher is more anomalous, NaN for none, `[rows]`
    init(_ scores: [Double]) {
        let keys = scores.map { $0.isNaN ? -Double.infinity : $0 }
        let rows = keys.indices.sorted { (-keys[$0], $0) < (-keys[$1], $1) }
        self.rows = rows
        ends = rows.indices.filter { $0 + 1 == rows.count || keys[rows[$0]] != keys[rows[$0 + 1]] }
            .map { $0 + 1 }
    }
}
