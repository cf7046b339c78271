import TocsinTraining

/// The figures of one series, or the means over several.
///
/// A mean is over the series that have the number; events and alarms are added up. A mean of sets counts
/// each set once, however many series it has.
public struct EvaluationSummary: Sendable, Equatable {
    /// Series that are behind it.
    public private(set) var series = 0
    /// Labelled events.
    public private(set) var events = 0
    /// Events with a row in alarm.
    public private(set) var found = 0
    /// Events inside which an alarm began.
    public private(set) var begunInside = 0
    /// Alarms.
    public private(set) var alarms = 0
    /// Alarms without a labelled row.
    public private(set) var falseAlarms = 0
    /// Alarms that began outside events.
    public private(set) var begunOutside = 0
    /// The figures in the order of ``Figure``.
    private var figures: [Double?]

    /// What is averaged.
    public enum Figure: Int, CaseIterable, Sendable {
        /// VUS-PR, 0 … 1.
        case volume
        /// 0 … 1.
        case averagePrecision
        /// Of all rows, 0 … 1.
        case labelledShare
        /// Of all events, 0 … 1.
        case eventRecall
        /// Of all alarms, 0 … 1.
        case eventPrecision
        /// Per 10 000 rows outside events.
        case falseAlarmsPerTenThousand
        /// Per day of observed time outside events.
        case falseAlarmsPerDay
        /// Of the rows outside events, 0 … 1.
        case normalShareInAlarm
        /// Until half of the found events were found, in rows.
        case medianDelay
        /// Until nine in ten of the found events were found, in rows.
        case longDelay
        /// Raised.
        case driftAlerts
        /// Rows.
        case unscoredRows
        /// Seconds.
        case trainingSeconds
        /// Microseconds.
        case microsecondsPerRow
    }

    /// The summary of some series.
    public init(_ results: [EvaluationResult]) {
        series = results.count
        for alarms in results.map(\.evaluation.alarms) {
            events += alarms.events
            found += alarms.found
            begunInside += alarms.begunInside
            self.alarms += alarms.alarms
            falseAlarms += alarms.falseAlarms
            begunOutside += alarms.begunOutside
        }
        figures = Figure.allCases.map { figure in Self.mean(results.map { $0[figure] }) }
    }

    /// The mean of some sets.
    public init(meanOf sets: [EvaluationSummary]) {
        for set in sets {
            series += set.series
            events += set.events
            found += set.found
            begunInside += set.begunInside
            alarms += set.alarms
            falseAlarms += set.falseAlarms
            begunOutside += set.begunOutside
        }
        figures = Figure.allCases.map { figure in Self.mean(sets.map { $0[figure] }) }
    }

    /// A figure; `nil` if nothing has it.
    public subscript(figure: Figure) -> Double? { figures[figure.rawValue] }

    private static func mean(_ values: [Double?]) -> Double? {
        let known = values.compactMap { $0 }
        return known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
    }
}

extension EvaluationResult {
    /// A figure of this series; `nil` if it has none.
    subscript(figure: EvaluationSummary.Figure) -> Double? {
        let alarms = evaluation.alarms
        return switch figure {
        case .volume: evaluation.volume
        case .averagePrecision: evaluation.averagePrecision
        case .labelledShare: evaluation.labelledShare
        case .eventRecall: alarms.eventRecall
        case .eventPrecision: alarms.eventPrecision
        case .falseAlarmsPerTenThousand: alarms.falseAlarmsPerTenThousand
        case .falseAlarmsPerDay: alarms.falseAlarmsPerDay
        case .normalShareInAlarm: alarms.normalShareInAlarm
        case .medianDelay: alarms.delay(0.5).map(Double.init)
        case .longDelay: alarms.delay(0.9).map(Double.init)
        case .driftAlerts: Double(evaluation.driftAlerts)
        case .unscoredRows: Double(evaluation.unscoredRows)
        case .trainingSeconds: trainingSeconds
        case .microsecondsPerRow: microsecondsPerRow
        }
    }
}
