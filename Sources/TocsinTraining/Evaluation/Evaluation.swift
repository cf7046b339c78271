import TocsinCore

/// How well one series was judged: the ranking of its rows by score, and the alarms that rang.
public struct Evaluation: Sendable, Equatable {
    /// Rows.
    public var rows: Int
    /// Rows without a score; they rank below all others.
    public var unscoredRows: Int
    /// The share of labelled rows, which is the average precision of a guess, 0 … 1.
    public var labelledShare: Double
    /// VUS-PR, 0 … 1; `nil` without events.
    public var volume: Double?
    /// The longest buffer of ``volume``, in rows.
    public var buffer: Int
    /// Average precision, 0 … 1; `nil` without events.
    public var averagePrecision: Double?
    /// The alarms at the shipped threshold.
    public var alarms: AlarmReport
    /// Drift alerts raised; they are no alarms here.
    public var driftAlerts: Int
    /// Fault alerts raised; they are no alarms here.
    public var faultAlerts: Int

    /// An evaluation.
    public init(_ series: ScoredSeries, buffer: Int) {
        rows = series.scores.count
        unscoredRows = series.scores.count { $0.isNaN }
        let labelled = series.isLabelled.count { $0 }
        labelledShare = rows == 0 ? 0 : Double(labelled) / Double(rows)
        volume = VolumeUnderSurface.value(
            scores: series.scores,
            isLabelled: series.isLabelled,
            buffer: buffer
        )
        self.buffer = buffer
        averagePrecision = AveragePrecision.value(
            scores: series.scores,
            isLabelled: series.isLabelled
        )
        alarms = AlarmReport(
            isAlarm: series.isAlarm,
            isLabelled: series.isLabelled,
            days: series.days
        )
        driftAlerts = series.alerts.count { $0.kind == .drift }
        faultAlerts = series.alerts.count { $0.kind == .fault }
    }
}
