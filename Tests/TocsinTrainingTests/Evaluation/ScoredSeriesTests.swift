import Testing
import TocsinTestNumbers
import TocsinCore
import TocsinTraining

struct ScoredSeriesTests {
    private let clock = FrameClock(period: .seconds(10))

    private func frame(_ seconds: Double, _ score: Double?, _ isAlarm: Bool = false) -> ScoredFrame
    {
        ScoredFrame(time: Series.start + .seconds(seconds), score: score, isAlarm: isAlarm)
    }

    private func rows(_ seconds: [Double]) -> [(time: Timestamp, isLabelled: Bool)] {
        seconds.map { (Series.start + .seconds($0), false) }
    }

    @Test func `a row has the score of the frame nearest in time, up to half a period away`() {
        let series = ScoredSeries(
            rows: rows([0, 9, 14, 40, 62]),
            frames: [frame(0, 1), frame(10, 2), frame(20, 3), frame(60, 4, true)],
            clock: clock
        )
        #expect(series.scores[0] == 1)
        #expect(series.scores[1] == 2)
        #expect(series.scores[2] == 2)
        #expect(series.scores[3].isNaN)
        #expect(series.scores[4] == 4)
        #expect(series.isAlarm == [false, false, false, false, true])
    }

    @Test func `an alarm stays raised over a row that no frame is near to`() {
        let series = ScoredSeries(
            rows: rows([0, 40]),
            frames: [frame(0, 2, true), frame(80, 0)],
            clock: clock
        )
        #expect(series.scores[1].isNaN)
        #expect(series.isAlarm == [true, true])
    }

    @Test func `a row stands for the time since the one before it, at most for a gap`() {
        let series = ScoredSeries(rows: rows([0, 10, 5, 1005]), frames: [], clock: clock)
        expectClose(series.days.map { $0 * 86_400 }, [0, 10, 0, 100], tolerance: 1e-9)
    }

    @Test func `rows without a score are counted, and lowest`() {
        let marked = rows([0, 10, 20, 30]).enumerated().map { ($1.time, $0 == 0) }
        let series = ScoredSeries(
            rows: marked,
            frames: [frame(0, nil), frame(10, 0), frame(20, 0.1), frame(30, 0.2)],
            clock: clock
        )
        let evaluation = Evaluation(series, buffer: 2)
        #expect(evaluation.rows == 4)
        #expect(evaluation.unscoredRows == 1)
        #expect(evaluation.labelledShare == 0.25)
        #expect(evaluation.averagePrecision == 0.25)
    }
}
