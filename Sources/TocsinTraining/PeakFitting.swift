public import TocsinCore

extension PeakDistribution {
    /// Peaks wanted above the level: fewer say little, and more would not be peaks.
    static let wanted = 12
    /// What is known before any peak is seen: that excesses are about one spread, as so many peaks say.
    public static let priorWeight = 2.0
    /// Spreads of the Poisson count by which the rate is taken to be higher than it was seen to be: the
    /// true one is below that with a confidence of 90 %.
    static let confidence = 1.2816

    /// The distribution of peaks in a healthy series of novelties.
    ///
    /// The level is the highest quantile between the median and 99 % with at least ``wanted`` peaks, or
    /// if none has as many, the one with the most. An empty series leaves the prior.
    init(fitting novelties: [Double]) {
        let sorted = novelties.sorted()
        var best: (level: Double, peaks: [Double]) = (0, [])
        for step in 0..<30 where !sorted.isEmpty {
            let level = sorted.quantile(0.99 - 0.49 * Double(step) / 29)
            let peaks = Self.peaks(novelties, level: level)
            if peaks.count > best.peaks.count { best = (level, peaks) }
            if peaks.count >= Self.wanted { break }
        }
        let count = Double(max(best.peaks.count, 1))
        self.init(
            level: best.level,
            arrivals: count + Self.confidence * count.squareRoot(),
            frames: Double(max(novelties.count, 1)),
            excess: Self.priorWeight + best.peaks.reduce(0) { $0 + $1 - best.level },
            weight: Self.priorWeight + Double(best.peaks.count)
        )
    }

    /// The heights of the peaks at or above a level.
    static func peaks(_ novelties: [Double], level: Double) -> [Double] {
        var peaks: [Double] = []
        var last = Int.min / 2
        for (t, novelty) in novelties.enumerated() where novelty >= level {
            if t - last > joinedWithin {
                peaks.append(novelty)
            } else {
                peaks[peaks.count - 1] = max(peaks[peaks.count - 1], novelty)
            }
            last = t
        }
        return peaks
    }
}
