/// A long series as a curve that a screen can show: the lowest and the highest value of each column of
/// pixels.
///
/// No peak is lost, however short, and the curve has at most two points per column, however many rows
/// there are. It is broken where rows have no value, unless the break is within a column.
struct PixelColumns {
    /// What fell into one column.
    struct Column: Equatable {
        /// The column, counted from 0.
        var x: Int
        var lowest: Double
        var highest: Double
        /// Whether the last value is at least as high as the first.
        var isRising: Bool
        private let first: Double

        init(x: Int, value: Double) {
            self.x = x
            lowest = value
            highest = value
            first = value
            isRising = true
        }

        fileprivate mutating func add(_ value: Double) {
            lowest = min(lowest, value)
            highest = max(highest, value)
            isRising = value >= first
        }

        /// One value, or two in the order in which the curve runs through them.
        var values: [Double] {
            if lowest == highest { return [lowest] }
            return isRising ? [lowest, highest] : [highest, lowest]
        }
    }

    /// Unbroken stretches of the curve.
    private(set) var runs: [[Column]] = []

    /// The curve of a series.
    ///
    /// - Parameters:
    ///   - positions: the column of each row, `[rows]`; where it runs back, a new stretch begins
    ///   - values: NaN for none, `[rows]`
    init(positions: [Int], values: [Double]) {
        var run: [Column] = []
        var isBroken = false
        for (x, value) in zip(positions, values) {
            guard !value.isNaN else {
                isBroken = true
                continue
            }
            if let last = run.last, last.x == x {
                run[run.count - 1].add(value)
            } else {
                if let last = run.last, isBroken || x < last.x {
                    runs.append(run)
                    run = []
                }
                run.append(Column(x: x, value: value))
            }
            isBroken = false
        }
        if !run.isEmpty { runs.append(run) }
    }
}
