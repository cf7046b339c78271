import TocsinDaemon
import TocsinTraining

/// Evaluations, for people and for programs.
enum EvaluationText {
    private static let headings = [
        "SERIES", "DETECTOR", "VUS-PR", "AP", "LABELLED", "FOUND", "ONSET", "RECALL",
        "PRECISION", "OUTSIDE", "FALSE/10k", "FALSE/DAY", "IN ALARM", "DELAY", "90 %", "DRIFT",
        "UNSCORED",
    ]

    /// One row per series and detector, and the mean over the series of each detector.
    static func table(_ results: [Evaluator.Result]) -> String {
        var rows = [headings]
        for result in results {
            rows.append([result.device, result.detector] + cells(result.evaluation))
        }
        var detectors: [String] = []
        for result in results where !detectors.contains(result.detector) {
            detectors.append(result.detector)
        }
        for detector in detectors {
            let of = results.filter { $0.detector == detector }.map(\.evaluation)
            rows.append(["mean of \(of.count)", detector] + means(of))
        }
        let widths = headings.indices.map { i in rows.map { $0[i].count }.max() ?? 0 }
        return rows.map { row in line(row, widths) }.joined(separator: "\n")
    }

    /// One JSON object per series and detector; `null` is "don't know".
    static func lines(_ results: [Evaluator.Result]) -> [String] {
        results.map { result in
            let found = result.evaluation
            let alarms = found.alarms
            var json = JSONWriter()
            json.object { json in
                json.member("file", result.file)
                json.member("device", result.device)
                json.member("detector", result.detector)
                json.member("rows", found.rows)
                json.member("unscored_rows", found.unscoredRows)
                json.member("labelled_share", found.labelledShare)
                json.member("vus_pr", found.volume)
                json.member("buffer", found.buffer)
                json.member("average_precision", found.averagePrecision)
                json.member("events", alarms.events)
                json.member("events_found", alarms.found)
                json.member("events_with_onset", alarms.begunInside)
                json.member("event_recall", alarms.eventRecall)
                json.member("alarms", alarms.alarms)
                json.member("false_alarms", alarms.falseAlarms)
                json.member("alarms_begun_outside", alarms.begunOutside)
                json.member("event_precision", alarms.eventPrecision)
                json.member("false_alarms_per_10000", alarms.falseAlarmsPerTenThousand)
                json.member("false_alarms_per_day", alarms.falseAlarmsPerDay)
                json.member("normal_rows", alarms.normalRows)
                json.member("normal_days", alarms.normalDays)
                json.member("normal_share_in_alarm", alarms.normalShareInAlarm)
                json.member("delay_median_rows", alarms.delay(0.5).map(Double.init))
                json.member("delay_90_rows", alarms.delay(0.9).map(Double.init))
                json.member("drift_alerts", found.driftAlerts)
                json.member("fault_alerts", found.faultAlerts)
            }
            return String(decoding: json.bytes, as: UTF8.self)
        }
    }

    private static func cells(_ found: Evaluation) -> [String] {
        let alarms = found.alarms
        return [
            fixed(found.volume, 3),
            fixed(found.averagePrecision, 3),
            percent(found.labelledShare),
            "\(alarms.found)/\(alarms.events)",
            "\(alarms.begunInside)/\(alarms.events)",
            fixed(alarms.eventRecall, 2),
            fixed(alarms.eventPrecision, 2),
            "\(alarms.begunOutside)/\(alarms.alarms)",
            fixed(alarms.falseAlarmsPerTenThousand, 1),
            fixed(alarms.falseAlarmsPerDay, 2),
            percent(alarms.normalShareInAlarm),
            alarms.delay(0.5).map(String.init) ?? "-",
            alarms.delay(0.9).map(String.init) ?? "-",
            "\(found.driftAlerts)",
            "\(found.unscoredRows)",
        ]
    }

    /// Means over the series that have the number; events and alarms are added up.
    private static func means(_ all: [Evaluation]) -> [String] {
        func mean(_ value: (Evaluation) -> Double?) -> Double? {
            let values = all.compactMap(value)
            return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
        }
        let events = all.reduce(0) { $0 + $1.alarms.events }
        let found = all.reduce(0) { $0 + $1.alarms.found }
        let outside = all.reduce(0) { $0 + $1.alarms.begunOutside }
        let alarms = all.reduce(0) { $0 + $1.alarms.alarms }
        let begun = all.reduce(0) { $0 + $1.alarms.begunInside }
        return [
            fixed(mean { $0.volume }, 3),
            fixed(mean { $0.averagePrecision }, 3),
            percent(mean { $0.labelledShare }),
            "\(found)/\(events)",
            "\(begun)/\(events)",
            fixed(mean { $0.alarms.eventRecall }, 2),
            fixed(mean { $0.alarms.eventPrecision }, 2),
            "\(outside)/\(alarms)",
            fixed(mean { $0.alarms.falseAlarmsPerTenThousand }, 1),
            fixed(mean { $0.alarms.falseAlarmsPerDay }, 2),
            percent(mean { $0.alarms.normalShareInAlarm }),
            fixed(mean { $0.alarms.delay(0.5).map(Double.init) }, 1),
            fixed(mean { $0.alarms.delay(0.9).map(Double.init) }, 1),
            fixed(mean { Double($0.driftAlerts) }, 1),
            fixed(mean { Double($0.unscoredRows) }, 1),
        ]
    }

    private static func percent(_ share: Double?) -> String {
        share.map { "\(fixed($0 * 100, 1)) %" } ?? "-"
    }

    private static func fixed(_ value: Double?, _ places: Int) -> String {
        guard let value, value.isFinite else { return "-" }
        var scale = 1
        for _ in 0..<places { scale *= 10 }
        let units = Int((abs(value) * Double(scale)).rounded())
        let sign = value < 0 && units > 0 ? "-" : ""
        let digits = "\(units % scale)"
        let zeros = String(repeating: "0", count: places - digits.count)
        return "\(sign)\(units / scale).\(zeros)\(digits)"
    }

    /// Names to the left, numbers to the right.
    private static func line(_ cells: [String], _ widths: [Int]) -> String {
        cells.indices.map { i in
            let padding = String(repeating: " ", count: widths[i] - cells[i].count)
            return i < 2 ? cells[i] + padding : padding + cells[i]
        }.joined(separator: "  ")
    }
}
