import Testing
import TocsinCore
import TocsinTraining

@testable import TocsinEvaluation

struct RootCauseReportTests {
    private let start = Timestamp(microseconds: 1_767_225_600_000_000)
    private let clock = FrameClock(period: .seconds(10))

    /// Ten rows ten seconds apart; an alarm at rows 4 and 5, whose alert named `c`.
    private func series(_ scores: [Double?], leading: [Int: [Int]]) -> ScoredSeries {
        let frames = scores.enumerated().map { i, score in
            ScoredFrame(
                time: start + .seconds(10 * i),
                score: score,
                isAlarm: i == 4 || i == 5,
                leading: leading[i] ?? []
            )
        }
        return ScoredSeries(
            rows: frames.map { ($0.time, false) },
            frames: frames,
            clock: clock,
            alerts: [
                AlertRecord(kind: .anomaly, raised: start, channels: ["a"]),
                AlertRecord(kind: .drift, raised: start + .seconds(40), channels: ["b"]),
                AlertRecord(kind: .anomaly, raised: start + .seconds(40), channels: ["c"]),
                AlertRecord(kind: .anomaly, raised: start + .seconds(80), channels: ["b"]),
            ]
        )
    }

    private let channels = ["a", "b", "c", "d"]

    @Test func `the row with the highest score blames, the first of equal ones`() {
        let series = series(
            [0, 0, 1, 3, 2, 3, 0, nil, nil, nil],
            leading: [2: [3], 3: [0, 1], 4: [3], 5: [2]]
        )
        let causes = [RootCause(rows: 2..<6, channels: ["a"])]
        let report = RootCauseReport(series, causes: causes, channels: channels)
        #expect(report.atPeak.events == 1)
        #expect(report.atPeak.share(0) == 1)
        let other = [RootCause(rows: 2..<6, channels: ["c", "d"])]
        #expect(RootCauseReport(series, causes: other, channels: channels).atPeak.hit(1) == 0)
    }

    @Test func `an event without a score blames nobody, and counts`() {
        let series = series([0, 0, 0, 0, 0, 0, 0, nil, nil, nil], leading: [:])
        let report = RootCauseReport(
            series,
            causes: [RootCause(rows: 7..<10, channels: ["a"])],
            channels: channels
        )
        #expect(report.atPeak.events == 1)
        #expect(report.atPeak.share(0) == 0)
        #expect(report.atAlert.events == 0)
    }

    @Test func `an event that was found is judged by the alert that stood over it`() {
        let series = series(Array(repeating: 1, count: 10), leading: [:])
        let causes = [
            RootCause(rows: 3..<6, channels: ["c"]), RootCause(rows: 0..<3, channels: ["a"]),
        ]
        let report = RootCauseReport(series, causes: causes, channels: channels)
        #expect(report.atAlert.events == 1)
        #expect(report.atAlert.hit(0) == 1)
        #expect(report.atPeak.events == 2)
        #expect(report.atPeak.hit(0) == 0)
    }

    @Test func `the channels with the largest shares lead, and none without a share`() {
        #expect(SeriesRecorder.leading([0.1, 0.4, 0, 0.4, 0.1]) == [1, 3, 0, 4])
        #expect(SeriesRecorder.leading([1, 2, 3, 4, 5, 6, 7]) == [6, 5, 4, 3, 2])
        #expect(SeriesRecorder.leading([.nan, 0]) == [])
    }
}
