import Testing
import TocsinCore

@testable import TocsinTraining

struct DatasetTests {
    private func dataset(
        _ rows: [CSVReader.Row],
        period: Duration? = nil
    ) throws(DatasetError) -> Dataset {
        try Dataset(channels: ["a", "b"], rows: rows, period: period) { FrameClock(period: $0) }
    }

    @Test func `each device is divided in time, seven to one to two`() throws {
        let rows = Series.rows(0..<300, device: "x") + Series.rows(0..<100, device: "y")
        let dataset = try dataset(rows)
        #expect(dataset.clock.period == .seconds(1))
        #expect(dataset.fit.map(\.count) == [210, 70])
        #expect(dataset.stopping.map(\.count) == [30, 10])
        #expect(dataset.calibration.map(\.count) == [60, 20])
        #expect(dataset.calibration.map(\.device) == ["x", "y"])
        #expect(dataset.newest == Series.start + .seconds(299))
        let first = try #require(dataset.calibration.first)
        #expect(first.times.first == Series.start + .seconds(240))
        #expect(first.value(0, 0) == rows[240].values[0])
    }

    @Test func `the period is the median step`() throws {
        var rows = Series.rows(0..<300)
        rows.removeAll { $0.line % 7 == 0 }
        #expect(try dataset(rows).clock.period == .seconds(1))
        #expect(
            try dataset(Series.rows(0..<3000), period: .seconds(10)).clock.period == .seconds(10)
        )
    }

    @Test func `rows with a label are left out`() throws {
        var rows = Series.rows(0..<400)
        for t in 100..<105 { rows[t].label = 1 }
        for t in 0..<100 { rows[t].label = 0 }
        let dataset = try dataset(rows)
        #expect(dataset.labelledRows == 5)
        let fit = try #require(dataset.fit.first)
        for t in 100..<105 { #expect(fit.value(t, 0).isNaN && fit.value(t, 1).isNaN) }
        #expect(fit.value(105, 0) == rows[105].values[0])
    }

    @Test func `a gap splits a sequence`() throws {
        let rows = Series.rows(0..<150) + Series.rows(200..<400)
        let dataset = try dataset(rows)
        // 350 frames, cut at 245 and 280.
        #expect(dataset.fit.map(\.count) == [150, 95])
        #expect(dataset.stopping.map(\.count) == [35])
        #expect(dataset.calibration.map(\.count) == [70])
        #expect(dataset.fit[1].times.first == Series.start + .seconds(200))
    }

    @Test func `too little data is told`() {
        #expect(throws: DatasetError.noRows) { try dataset([]) }
        #expect(throws: DatasetError.noPeriod) { try dataset(Series.rows(0..<1)) }
        #expect(throws: DatasetError.tooShort(frames: 199, needed: 200)) {
            try dataset(Series.rows(0..<199))
        }
    }
}
