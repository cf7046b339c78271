/// Labels, row by row, as events.
public enum LabelledEvents {
    /// The runs of marked rows, in order.
    public static func ranges(_ isMarked: [Bool]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var start: Int?
        for i in isMarked.indices {
            if isMarked[i], start == nil { start = i }
            if !isMarked[i], let first = start {
                ranges.append(first..<i)
                start = nil
            }
        }
        if let start { ranges.append(start..<isMarked.count) }
        return ranges
    }

    /// Runs with at most `distance` rows from the end of one to the start of the next are one.
    public static func joined(_ ranges: [Range<Int>], within distance: Int) -> [Range<Int>] {
        var joined: [Range<Int>] = []
        for range in ranges {
            if let last = joined.last, range.lowerBound - last.upperBound <= distance {
                joined[joined.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                joined.append(range)
            }
        }
        return joined
    }
}
