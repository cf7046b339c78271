public import TocsinTraining

/// Whether the channels that a series' alerts name are those that caused its events.
public struct RootCauseReport: Sendable, Equatable {
    /// Over the events that have a row in alarm: the channels that the alert named when it was raised.
    ///
    /// That may have been before the event.
    public private(set) var atAlert = CauseScore()
    /// Over all events: the channels with the largest shares at the row with the highest score inside.
    ///
    /// Of equal rows the first; an event without a score blames nobody.
    public private(set) var atPeak = CauseScore()

    /// A report over no events.
    public init() {}

    /// A report on one series.
    ///
    /// - Parameters:
    ///   - causes: events by row, with the channels behind them; rows lie within the series
    ///   - channels: the names of the channels that the shares are of, in order
    public init(_ series: ScoredSeries, causes: [RootCause], channels: [String]) {
        for cause in causes {
            let scored = cause.rows.filter { !series.scores[$0].isNaN }
            let peak = scored.max { series.scores[$0] < series.scores[$1] }
            let leading = peak.map { row in series.leading[row].map { channels[$0] } }
            atPeak.add(ranking: leading ?? [], causes: cause.channels, channels: channels.count)
            guard let first = cause.rows.first(where: { series.isAlarm[$0] }) else { continue }
            atAlert.add(
                ranking: series.alarm(atRow: first)?.channels ?? [],
                causes: cause.channels,
                channels: channels.count
            )
        }
    }

    /// Adds the events of another series.
    public static func += (report: inout RootCauseReport, other: RootCauseReport) {
        report.atAlert += other.atAlert
        report.atPeak += other.atPeak
    }
}
