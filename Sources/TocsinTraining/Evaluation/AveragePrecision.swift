/// How well a score ranks labelled rows above the others, row by row.
///
///     AP = Σ (R_k − R_{k−1}) P_k
///
/// P_k and R_k are precision and recall when the rows with the k highest distinct scores are taken.
/// No interpolation. A random or constant score reaches the share of labelled rows, so read it beside
/// that share.
///
/// Source: as `sklearn.metrics.average_precision_score`; Manning, Raghavan and Schütze 2008,
/// "Introduction to Information Retrieval", section 8.4.
public enum AveragePrecision {
    /// The average precision, 0 … 1; `nil` if no row is labelled.
    ///
    /// - Parameters:
    ///   - scores: dimensionless, higher is more anomalous; NaN for none ranks lowest, `[rows]`
    ///   - isLabelled: whether a row belongs to an event, `[rows]`
    public static func value(scores: [Double], isLabelled: [Bool]) -> Double? {
        precondition(scores.count == isLabelled.count)
        let ranking = ScoreRanking(scores)
        let positives = isLabelled.count { $0 }
        guard positives > 0 else { return nil }
        var found = 0
        var start = 0
        var sum = 0.0
        for end in ranking.ends {
            let gained = ranking.rows[start..<end].count { isLabelled[$0] }
            found += gained
            sum += Double(gained) / Double(positives) * Double(found) / Double(end)
            start = end
        }
        return sum
    }
}
