// Evaluations as a table, for people.

extension EvaluationSummary {
    /// What ``cells`` hold.
    static let headings = [
        "VUS-PR", "AP", "LABELLED", "FOUND", "ONSET", "RECALL", "PRECISION", "OUTSIDE",
        "FALSE/10k", "FALSE/DAY", "IN ALARM", "DELAY", "90 %", "DRIFT", "UNSCORED", "TRAIN s",
        "µs/ROW",
    ]

    /// What the short names of the columns mean.
    static let legend =
        "LABELLED: share of labelled rows, the AP of a guess. FOUND: events with a row in alarm. "
        + "ONSET: events inside which an alarm began. OUTSIDE: alarms that began outside events. "
        + "FALSE: alarms without a labelled row, per 10 000 normal rows and per day. IN ALARM: share "
        + "of normal rows in alarm. DELAY, 90 %: rows until half, or 90 %, of the found events were "
        + "found. An alarm that never ends finds all and counts once: read FOUND beside IN ALARM."

    /// One row of a table; what is counted is whole for a single series.
    var cells: [String] {
        let places = series == 1 ? 0 : 1
        return [
            fixed(self[.volume], 3),
            fixed(self[.averagePrecision], 3),
            percent(self[.labelledShare]),
            "\(found)/\(events)",
            "\(begunInside)/\(events)",
            fixed(self[.eventRecall], 2),
            fixed(self[.eventPrecision], 2),
            "\(begunOutside)/\(alarms)",
            fixed(self[.falseAlarmsPerTenThousand], 1),
            fixed(self[.falseAlarmsPerDay], 2),
            percent(self[.normalShareInAlarm]),
            fixed(self[.medianDelay], places),
            fixed(self[.longDelay], places),
            fixed(self[.driftAlerts], places),
            fixed(self[.unscoredRows], places),
            fixed(self[.trainingSeconds], 1),
            fixed(self[.microsecondsPerRow], 1),
        ]
    }
}

/// Evaluations, for people.
public enum EvaluationTable {
    /// One row per series and detector, and the mean over the series of each detector.
    public static func table(_ results: [EvaluationResult]) -> FigureTable {
        var table = FigureTable(
            title: "How well it rings",
            note: EvaluationSummary.legend,
            headings: ["SERIES", "DETECTOR"] + EvaluationSummary.headings,
            names: 2
        )
        for result in results {
            table.rows.append(
                [result.device, result.detector] + EvaluationSummary([result]).cells
            )
        }
        for detector in detectors(results) {
            let of = results.filter { $0.detector == detector }
            table.rows.append(["mean of \(of.count)", detector] + EvaluationSummary(of).cells)
        }
        return table.withoutEmptyTime
    }

    /// The detectors in the order in which they first occur.
    static func detectors(_ results: [EvaluationResult]) -> [String] {
        var detectors: [String] = []
        for result in results where !detectors.contains(result.detector) {
            detectors.append(result.detector)
        }
        return detectors
    }
}

extension FigureTable {
    /// Without the column of the training's time, if none was measured.
    var withoutEmptyTime: FigureTable {
        guard let time = headings.firstIndex(of: "TRAIN s"),
            rows.allSatisfy({ $0[time] == "-" })
        else { return self }
        var table = self
        table.headings.remove(at: time)
        for i in rows.indices { table.rows[i].remove(at: time) }
        return table
    }
}
