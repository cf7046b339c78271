public import TocsinCore

/// The rows of one device of a labelled table, with what the daemon made of them.
///
/// Labels belong to rows, scores to frames: a row has the score of the frame nearest in time, at most
/// half a period away. Rows of one period share a frame; a frame that no row fell into counts for none.
///
/// A row that has no score, while warming up, after a gap, or because nothing in it could be judged,
/// ranks below every row that has one: the bell does not begin to ring there, and that is what the row
/// is worth to an operator. Leaving such rows out would reward a long warm-up by the events it sleeps
/// through. An alarm that was raised before stays raised over them, as it does in the daemon.
public struct ScoredSeries: Sendable, Equatable {
    /// When each row was measured, `[rows]`.
    public private(set) var times: [Timestamp] = []
    /// The anomaly score, 1 is the boundary; NaN for none, `[rows]`.
    public private(set) var scores: [Double] = []
    /// Whether an anomaly alert is raised after the row's frame, `[rows]`.
    public private(set) var isAlarm: [Bool] = []
    /// Whether the row belongs to an event, `[rows]`.
    public private(set) var isLabelled: [Bool] = []
    /// The observed time that a row stands for, in days: the step from the row before it, 0 for the
    /// first one and where time runs back, and at most the gap that resets a device, `[rows]`.
    public private(set) var days: [Double] = []
    /// The channels with the largest shares of the row's score, largest first; empty for none, `[rows]`.
    public private(set) var leading: [[Int]] = []
    /// The alerts that were raised, of all kinds, in the order in which they were.
    public let alerts: [AlertRecord]
    /// Half a period: how far a row's frame is away at most, in microseconds.
    private let half: Int64

    /// A series.
    ///
    /// - Parameters:
    ///   - rows: time and label of each row, in the order of the table
    ///   - frames: what was made of them, with rising time
    ///   - alerts: what was raised meanwhile
    public init(
        rows: [(time: Timestamp, isLabelled: Bool)],
        frames: [ScoredFrame],
        clock: FrameClock,
        alerts: [AlertRecord] = []
    ) {
        self.alerts = alerts
        half = clock.period.microseconds / 2
        var last: Timestamp?
        for row in rows {
            times.append(row.time)
            isLabelled.append(row.isLabelled)
            let step = last.map { min(max(row.time - $0, .zero), clock.maxGap) } ?? .zero
            days.append(step.inSeconds / 86_400)
            last = row.time
            let near = Self.nearest(row.time, frames, within: half)
            scores.append(near.frame?.score ?? .nan)
            leading.append(near.frame?.leading ?? [])
            isAlarm.append((near.frame ?? near.before)?.isAlarm ?? false)
        }
    }

    /// The anomaly alert that is raised after a row; `nil` if none is.
    public func alarm(atRow row: Int) -> AlertRecord? {
        guard isAlarm[row] else { return nil }
        let latest = times[row] + .microseconds(half)
        return alerts.last { $0.kind == .anomaly && $0.raised <= latest }
    }

    /// The frame nearest in time, if it is near enough, and the last one before that time.
    private static func nearest(
        _ time: Timestamp,
        _ frames: [ScoredFrame],
        within half: Int64
    ) -> (frame: ScoredFrame?, before: ScoredFrame?) {
        var lower = 0
        var upper = frames.count
        while lower < upper {
            let middle = (lower + upper) / 2
            if frames[middle].time < time { lower = middle + 1 } else { upper = middle }
        }
        let before = lower > 0 ? frames[lower - 1] : nil
        let after = lower < frames.count ? frames[lower] : nil
        func distance(_ frame: ScoredFrame?) -> Int64 {
            frame.map { abs((time - $0.time).microseconds) } ?? .max
        }
        let nearest = distance(before) < distance(after) ? before : after
        return (distance(nearest) <= half ? nearest : nil, before)
    }
}

/// What became of one frame.
public struct ScoredFrame: Sendable, Equatable {
    /// The tick.
    public var time: Timestamp
    /// The anomaly score, 1 is the boundary; `nil` for none.
    public var score: Double?
    /// Whether an anomaly alert is raised after it.
    public var isAlarm: Bool
    /// The channels with the largest shares of the score, largest first; empty where nobody asks.
    public var leading: [Int]

    /// A frame.
    public init(time: Timestamp, score: Double?, isAlarm: Bool, leading: [Int] = []) {
        self.time = time
        self.score = score
        self.isAlarm = isAlarm
        self.leading = leading
    }
}
