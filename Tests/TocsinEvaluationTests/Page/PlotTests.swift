import Testing
import TocsinCore
import TocsinTestNumbers
import TocsinTraining

@testable import TocsinEvaluation

struct PlotTests {
    private let start = Timestamp(microseconds: 1_767_225_600_000_000)

    @Test func `zero is at the bottom, and every score has its place above it`() {
        let axis = ScoreAxis([0.5, .nan, 62], height: 100)
        #expect(axis.position(0) == 100)
        #expect(axis.position(axis.top) == 0)
        #expect(axis.position(1e9) == 0)
        #expect(axis.position(-1) == 100)
        // log₂ 2 of log₂ (1 + 65.1).
        expectClose([axis.position(1)], [100 * (1 - 1 / 6.0466)], tolerance: 0.01)
        #expect(axis.ticks.prefix(2) == [0, 1])
        #expect(axis.ticks.allSatisfy { $0 <= axis.top })
        #expect(ScoreAxis([], height: 100).top == 2)
    }

    @Test(arguments: [7, 3600, 86_400, 15 * 86_400, 4 * 365 * 86_400])
    func `there are a few round times on an axis, none outside it`(seconds: Int) throws {
        let times = [start, start + .seconds(seconds)]
        let axis = try #require(TimeAxis(times, width: 900))
        #expect((2...9).contains(axis.ticks.count))
        for (time, label) in axis.ticks {
            #expect(time >= axis.start && time <= axis.end)
            #expect(!label.isEmpty)
        }
        #expect(axis.position(start) == 0)
        #expect(axis.position(start + .seconds(2 * seconds)) == 900)
    }

    @Test func `a day has its hours, a fortnight its dates`() throws {
        let day = try #require(TimeAxis([start, start + .seconds(86_400)], width: 900))
        #expect(day.ticks.first?.label == "01-01 00:00")
        let fortnight = try #require(TimeAxis([start, start + .seconds(14 * 86_400)], width: 9))
        #expect(fortnight.ticks.first?.label == "2026-01-01")
        #expect(TimeAxis([], width: 9) == nil)
    }

    @Test func `a plot holds events, alerts and drift, and no name as it came`() throws {
        let frames = (0..<100).map {
            ScoredFrame(time: start + .seconds($0), score: Double($0 % 7), isAlarm: $0 > 90)
        }
        let series = ScoredSeries(
            rows: frames.enumerated().map { ($1.time, (20..<30).contains($0) || $0 == 50) },
            frames: frames,
            clock: FrameClock(period: .seconds(1)),
            alerts: [
                AlertRecord(kind: .anomaly, raised: start + .seconds(91), channels: ["a<b"]),
                AlertRecord(kind: .drift, raised: start + .seconds(60)),
            ]
        )
        let svg = try #require(ScorePlot(series, name: "<&>")).svg
        #expect(svg.ranges(of: "<rect class=\"event\"").count == 2)
        #expect(svg.ranges(of: "<rect class=\"alert\"").count == 1)
        #expect(svg.ranges(of: "<path class=\"drift\"").count == 1)
        #expect(svg.contains("a&lt;b"))
        #expect(svg.contains("&lt;&amp;&gt;"))
        #expect(!svg.contains("<&>"))
        #expect(!svg.contains("nan"))
    }
}
