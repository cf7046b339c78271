import Glibc
import TocsinCore

/// Where times stand in a plot.
struct TimeAxis {
    /// The first and the last time.
    let start: Timestamp
    let end: Timestamp
    /// How wide the plot is, in pixels.
    let width: Int

    /// An axis over all of some times; `nil` without any.
    init?(_ times: [Timestamp], width: Int) {
        guard let first = times.min(), let last = times.max() else { return nil }
        start = first
        end = last
        self.width = width
    }

    /// The place of a time, 0 … ``width``.
    func position(_ time: Timestamp) -> Double {
        let span = Double((end - start).microseconds)
        guard span > 0 else { return 0 }
        let share = Double((time - start).microseconds) / span
        return min(max(share, 0), 1) * Double(width)
    }

    /// At most nine round times, with what stands below them.
    var ticks: [(time: Timestamp, label: String)] {
        let span = (end - start).microseconds
        let step = Self.steps.first { span / ($0 * 1_000_000) <= 8 } ?? (span / 8_000_000 + 1)
        let unit = step * 1_000_000
        let remainder = start.microseconds % unit
        var tick = start.microseconds - remainder
        if tick < start.microseconds { tick += unit }
        var ticks: [(Timestamp, String)] = []
        while tick <= end.microseconds, ticks.count < 9 {
            let time = Timestamp(microseconds: tick)
            ticks.append((time, time.label(step: step)))
            tick += unit
        }
        return ticks
    }

    /// Round spans in seconds, from a second to four years.
    private static let steps: [Int64] =
        [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200]
        + [1, 2, 4, 7, 14, 28, 56, 91, 182, 365, 730, 1461].map { $0 * 86_400 }
}

extension Timestamp {
    /// As much of the time as tells it from others that are `step` seconds away.
    fileprivate func label(step: Int64) -> String {
        let text = minute
        if step >= 86_400 { return String(text.prefix(10)) }
        if step >= 60 { return String(text.dropFirst(5)) }
        return String(description.dropFirst(11).prefix(8))
    }

    /// Such as `2026-11-21 09:48`, UTC.
    var minute: String {
        String(description.prefix(16)).split(separator: "T").joined(separator: " ")
    }
}

/// Where scores stand in a plot: log₂(1 + score), so that 0 is at the bottom, 1 is one unit above it, and
/// a score of a thousand does not press all others to the ground.
struct ScoreAxis {
    /// The score at the top.
    let top: Double
    /// How high the plot is, in pixels.
    let height: Double

    /// An axis up to the highest score, and at least to 2.
    init(_ scores: [Double], height: Double) {
        let highest = scores.filter(\.isFinite).max() ?? 0
        top = max(highest * 1.05, 2)
        self.height = height
    }

    /// How far below the top a score stands.
    func position(_ score: Double) -> Double {
        let share = Self.units(min(max(score, 0), top)) / Self.units(top)
        return (1 - share) * height
    }

    /// 0, the boundary, and above it as many round scores as keep 13 pixels apart.
    var ticks: [Double] {
        var ticks: [Double] = [0, 1]
        var decade = 1.0
        while decade <= top {
            for score in [2 * decade, 5 * decade, 10 * decade] where score <= top {
                if position(ticks.last ?? 0) - position(score) >= 13 { ticks.append(score) }
            }
            decade *= 10
        }
        return ticks
    }

    private static func units(_ score: Double) -> Double {
        log2(1 + score)
    }
}
