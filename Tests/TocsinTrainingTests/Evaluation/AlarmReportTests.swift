import Testing
import TocsinTestNumbers
import TocsinCore
import TocsinTraining

struct AlarmReportTests {
    private func marks(_ text: String) -> [Bool] { text.map { $0 == "x" } }

    /// Alarms and labels as text, `x` for yes; every row stands for a tenth of a day.
    private func report(alarms: String, labels: String) -> AlarmReport {
        AlarmReport(
            isAlarm: marks(alarms),
            isLabelled: marks(labels),
            days: Array(repeating: 0.1, count: labels.count)
        )
    }

    @Test func `events, alarms and delays by hand`() {
        let quiet = String(repeating: ".", count: 30)
        let report = self.report(
            alarms: "..xx" + quiet + "...xxx." + quiet + "......" + quiet + "xx",
            labels: "...." + quiet + ".xxxxxx" + quiet + "xxxx.." + quiet + ".x"
        )
        #expect(report.events == 3)
        #expect(report.found == 2)
        #expect(report.eventRecall == 2.0 / 3)
        // The last one had begun a row before its event.
        #expect(report.begunInside == 1)
        #expect(report.delays == [0, 2])
        #expect(report.delay(0.5) == 0)
        #expect(report.delay(0.9) == 2)
        #expect(report.alarms == 3)
        #expect(report.falseAlarms == 1)
        #expect(report.begunOutside == 2)
        #expect(report.eventPrecision == 2.0 / 3)
        #expect(report.normalRows == 109 - 11)
        #expect(report.normalRowsInAlarm == 3)
        let rates: [Double?] = [
            report.falseAlarmsPerTenThousand, report.falseAlarmsPerDay, report.normalShareInAlarm,
        ]
        let expected: [Double] = [10_000 / 98, 1 / 9.8, 3 / 98]
        expectClose(rates.map { $0 ?? .nan }, expected, tolerance: 1e-9)
    }

    @Test(arguments: [(20, 1), (21, 2)])
    func `alarms with at most 20 rows between them are one`(rows: Int, alarms: Int) {
        let gap = String(repeating: ".", count: rows)
        let report = self.report(alarms: "x\(gap)x", labels: ".\(gap).")
        #expect(report.alarms == alarms)
        #expect(report.falseAlarms == alarms)
        // Joining fills nothing in: only two rows were in alarm.
        #expect(report.normalRowsInAlarm == 2)
    }

    @Test func `an alarm that is never over finds all and is seen through`() {
        let report = self.report(alarms: "xxxxxxxxxx", labels: "....x...x.")
        #expect(report.eventRecall == 1)
        #expect(report.falseAlarms == 0)
        #expect(report.begunInside == 0)
        #expect(report.begunOutside == 1)
        #expect(report.normalShareInAlarm == 1)
    }

    @Test func `one hit earns one event and not its rows`() {
        let report = self.report(alarms: ".........x", labels: "xxxxxxxxxx")
        #expect(report.found == 1)
        #expect(report.delays == [9])
        #expect(report.normalRows == 0)
        #expect(report.falseAlarmsPerTenThousand == nil)
        #expect(report.falseAlarmsPerDay == nil)
        #expect(report.normalShareInAlarm == nil)
    }

    @Test func `without events there is no recall, without alarms no precision and no delay`() {
        let silent = report(alarms: "....", labels: "....")
        #expect(silent.eventRecall == nil)
        #expect(silent.eventPrecision == nil)
        #expect(silent.delay(0.5) == nil)
        #expect(silent.falseAlarmsPerTenThousand == 0)
        let missed = report(alarms: "....", labels: ".xx.")
        #expect(missed.eventRecall == 0)
        #expect(missed.delay(0.9) == nil)
    }
}
