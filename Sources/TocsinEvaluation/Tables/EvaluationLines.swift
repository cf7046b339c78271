import TocsinDaemon
import TocsinTraining

/// Evaluations, for programs: one JSON object per line; `null` is "don't know".
public enum EvaluationLines {
    /// One object per series and detector.
    public static func lines(_ results: [EvaluationResult]) -> [String] {
        results.map { result in line { $0.members(of: result) } }
    }

    /// An object as a line.
    static func line(_ body: (inout JSONWriter) -> Void) -> String {
        var json = JSONWriter()
        json.object(body)
        return String(decoding: json.bytes, as: UTF8.self)
    }
}

extension JSONWriter {
    /// Writes all that is known of one series.
    mutating func members(of result: EvaluationResult) {
        let found = result.evaluation
        let alarms = found.alarms
        member("file", result.file)
        member("device", result.device)
        member("detector", result.detector)
        member("rows", found.rows)
        member("unscored_rows", found.unscoredRows)
        member("labelled_share", found.labelledShare)
        member("vus_pr", found.volume)
        member("buffer", found.buffer)
        member("average_precision", found.averagePrecision)
        member("events", alarms.events)
        member("events_found", alarms.found)
        member("events_with_onset", alarms.begunInside)
        member("event_recall", alarms.eventRecall)
        member("alarms", alarms.alarms)
        member("false_alarms", alarms.falseAlarms)
        member("alarms_begun_outside", alarms.begunOutside)
        member("event_precision", alarms.eventPrecision)
        member("false_alarms_per_10000", alarms.falseAlarmsPerTenThousand)
        member("false_alarms_per_day", alarms.falseAlarmsPerDay)
        member("normal_rows", alarms.normalRows)
        member("normal_days", alarms.normalDays)
        member("normal_share_in_alarm", alarms.normalShareInAlarm)
        member("delay_median_rows", alarms.delay(0.5).map(Double.init))
        member("delay_90_rows", alarms.delay(0.9).map(Double.init))
        member("drift_alerts", found.driftAlerts)
        member("fault_alerts", found.faultAlerts)
        if let causes = result.causes { members(of: causes) }
        if let seconds = result.trainingSeconds { member("training_seconds", seconds) }
        member("seconds", result.seconds)
        member("microseconds_per_row", result.microsecondsPerRow)
    }

    /// Writes means, under the names that the figures of a series have.
    mutating func members(of summary: EvaluationSummary) {
        member("series", summary.series)
        member("labelled_share", summary[.labelledShare])
        member("vus_pr", summary[.volume])
        member("average_precision", summary[.averagePrecision])
        member("events", summary.events)
        member("events_found", summary.found)
        member("events_with_onset", summary.begunInside)
        member("event_recall", summary[.eventRecall])
        member("alarms", summary.alarms)
        member("false_alarms", summary.falseAlarms)
        member("alarms_begun_outside", summary.begunOutside)
        member("event_precision", summary[.eventPrecision])
        member("false_alarms_per_10000", summary[.falseAlarmsPerTenThousand])
        member("false_alarms_per_day", summary[.falseAlarmsPerDay])
        member("normal_share_in_alarm", summary[.normalShareInAlarm])
        member("delay_median_rows", summary[.medianDelay])
        member("delay_90_rows", summary[.longDelay])
        member("drift_alerts", summary[.driftAlerts])
        member("unscored_rows", summary[.unscoredRows])
        member("training_seconds", summary[.trainingSeconds])
        member("microseconds_per_row", summary[.microsecondsPerRow])
    }

    /// Writes how well events' causes were named, at the alert and at the highest score.
    mutating func members(of causes: RootCauseReport) {
        for (name, score) in [("alert", causes.atAlert), ("peak", causes.atPeak)] {
            member("causes_\(name)_events", score.events)
            for (i, depth) in CauseScore.depths.enumerated() {
                member("causes_\(name)_share_\(depth)", score.share(i))
                member("causes_\(name)_share_\(depth)_by_chance", score.shareByChance(i))
                member("causes_\(name)_hit_\(depth)", score.hit(i))
                member("causes_\(name)_hit_\(depth)_by_chance", score.hitByChance(i))
            }
        }
    }
}
