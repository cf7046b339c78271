/// VUS-PR: the area under the range-aware precision-recall curve, averaged over buffer lengths.
///
/// A label's border is somebody's opinion, and a score that rises a few rows early or stays high a few
/// rows late is no error. So for each buffer ℓ = 0 … L a labelled event [s, e] gets slopes,
///
///     label(i) = min(1, Σ over events of √(1 − d/ℓ)),  d = s − i or i − e,  for 1 ≤ d ≤ ⌊ℓ/2⌋
///
/// and for each threshold, with P labelled rows and S = Σ label over the rows of the slopes at or
/// above it,
///
///     TP = Σ label over the rows at or above it        precision = TP / their number
///     recall = min(TP / (P + S/2), 1) × share of events that hold such a row
///
/// Events whose slopes overlap count as one. The area is summed in steps, as an average precision is.
/// Every distinct score is a threshold; the authors' program takes 250 of them, evenly spaced by rank.
///
/// This follows the authors' package `vus` 0.0.6, to 1e-12 in the fixture. An older program of theirs puts
/// the slopes of *all* rows into the denominator and sums trapezoids, which makes a constant score look
/// good: (1 + p)/2 for a share p of labelled rows. Figures of the two cannot be compared.
///
/// What was given up: rows are counted as neighbours across gaps in time, as the authors do. A single
/// row at or above the threshold finds its event in full, so many short events are found cheaply.
/// A pass over the rows for each buffer: 30 000 rows and 51 buffers take well under a second.
///
/// Source: Paparrizos, Boniol, Palpanas, Tsay, Elmore and Franklin 2022, "Volume under the surface: a
/// new accuracy evaluation measure for time-series anomaly detection", PVLDB 15(11), in the form of `vus` 0.0.6.
public enum VolumeUnderSurface {
    /// VUS-PR, 0 … 1; `nil` if no row is labelled.
    ///
    /// - Parameters:
    ///   - scores: dimensionless, higher is more anomalous; NaN for none ranks lowest, `[rows]`
    ///   - isLabelled: whether a row belongs to an event, `[rows]`
    ///   - buffer: the longest buffer L in rows; the mean is over 0 … L
    public static func value(scores: [Double], isLabelled: [Bool], buffer: Int) -> Double? {
        precondition(scores.count == isLabelled.count && buffer >= 0)
        let events = LabelledEvents.ranges(isLabelled)
        guard !events.isEmpty else { return nil }
        let ranking = ScoreRanking(scores)
        let areas = (0...buffer).map { area(ranking, events, isLabelled, buffer: $0) }
        return areas.reduce(0, +) / Double(areas.count)
    }

    /// The labels of one buffer length, 0 … 1, `[rows]`.
    static func labels(_ events: [Range<Int>], rows: Int, buffer: Int) -> [Double] {
        var labels: [Double] = Array(repeating: 0, count: rows)
        for event in events {
            for i in event { labels[i] += 1 }
            for distance in stride(from: 1, through: buffer / 2, by: 1) {
                let slope = (1 - Double(distance) / Double(buffer)).squareRoot()
                let before = event.lowerBound - distance
                let after = event.upperBound - 1 + distance
                if before >= 0 { labels[before] += slope }
                if after < rows { labels[after] += slope }
            }
        }
        for i in labels.indices { labels[i] = min(labels[i], 1) }
        return labels
    }

    /// The area under the precision-recall curve of one buffer length.
    private static func area(
        _ ranking: ScoreRanking,
        _ events: [Range<Int>],
        _ isLabelled: [Bool],
        buffer: Int
    ) -> Double {
        let rows = isLabelled.count
        let labels = labels(events, rows: rows, buffer: buffer)
        // Which extended event a row belongs to, −1 for none, `[rows]`.
        var group: [Int] = Array(repeating: -1, count: rows)
        var groups = 0
        var reached = -1
        for event in events {
            let first = max(event.lowerBound - buffer / 2, 0)
            let last = min(event.upperBound - 1 + buffer / 2, rows - 1)
            if first > reached { groups += 1 }
            for i in first...last { group[i] = groups - 1 }
            reached = last
        }
        let positives = Double(isLabelled.count { $0 })

        var isFound = Array(repeating: false, count: groups)
        var found = 0
        var hits = 0.0
        var slopes = 0.0
        var area = 0.0
        var lastRecall = 0.0
        var start = 0
        for end in ranking.ends {
            for row in ranking.rows[start..<end] where group[row] >= 0 {
                hits += labels[row]
                if !isLabelled[row] { slopes += labels[row] }
                if !isFound[group[row]] {
                    isFound[group[row]] = true
                    found += 1
                }
            }
            let recall = min(hits / (positives + slopes / 2), 1) * Double(found) / Double(groups)
            area += (recall - lastRecall) * hits / Double(end)
            lastRecall = recall
            start = end
        }
        return area
    }
}
