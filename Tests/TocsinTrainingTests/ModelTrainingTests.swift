import Testing
import TocsinTestNumbers
@testable import TocsinCore
import TocsinNN

@testable import TocsinTraining

struct ModelTrainingTests {
    private static func trained(
        _ seed: UInt64,
        heads: Heads = .forecast,
        weights: WeightType = .single
    ) throws -> ModelTraining.Result {
        var plan = ModelTraining.Plan()
        plan.hiddenSize = 12
        plan.heads = heads
        plan.weights = weights
        plan.codeSize = heads.contains(.reconstruct) ? 1 : 0
        plan.options.updates = 80
        plan.options.seed = seed
        let dataset = try Dataset(
            channels: ["a", "b"],
            rows: Series.rows(0..<2000),
            period: nil
        ) { FrameClock(period: $0) }
        return try ModelTraining(plan).run(
            dataset,
            name: "series",
            dataHash: "0",
            configuration: ["hidden": "12"],
            versions: ["tocsin": "0"],
            progress: { _ in }
        )
    }

    private func scores(_ model: Model, _ rows: [CSVReader.Row]) -> [Double] {
        var fleet = Fleet(lateness: .zero)
        var scores: [Double] = []
        guard let device = fleet.add("p", model: model, stream: 0, now: Series.start) else {
            return []
        }
        for row in rows {
            for c in row.values.indices where !row.values[c].isNaN {
                let sample = Sample(
                    device: device,
                    channel: c,
                    time: row.time,
                    value: row.values[c]
                )
                fleet.take(sample, arrival: row.time) { scores.append($0.score?.value ?? .nan) }
            }
            fleet.assess { scores.append($0.score?.value ?? .nan) }
        }
        return scores
    }

    @Test(arguments: [Heads.forecast, [.forecast, .reconstruct]])
    func `the same seed gives the same file, and it reads back`(heads: Heads) throws {
        let results = try [1, 1, 2].map { try Self.trained($0, heads: heads) }
        let files = try results.map { try ModelFile.encode($0.model, golden: $0.golden) }
        #expect(files[0] == files[1])
        #expect(files[0] != files[2])
        let read = try ModelFile.decode(files[0], name: "series")
        #expect(read.calibration == results[0].model.calibration)
    }

    @Test func `a clean continuation stays below 1, an offset goes above`() throws {
        let model = try Self.trained(1).model
        #expect(model.validation.modelError < model.validation.lastValueError)
        let clean = scores(model, Series.rows(2000..<2600))
        #expect(clean[..<16].allSatisfy { $0.isNaN })
        let highest = try #require(clean[16...].max())
        #expect(highest < 1)
        let shifted = scores(
            model,
            Series.rows(2000..<2300) + Series.rows(2300..<2400, offset: 6)
        )
        #expect(try #require(shifted[302...].max()) > 1)
        #expect(shifted[16..<300].allSatisfy { $0 < 1 })
    }

    @Test func `a model with half weights scores almost what one with 32 bits scores`() throws {
        let single = try Self.trained(1)
        let half = try Self.trained(1, weights: .half)
        #expect(half.model.autoencoder.weights == .half)
        let rounded = single.model.autoencoder.parameters.values.map { Float(Float16($0)) }
        #expect(half.model.autoencoder.parameters.values == rounded)
        let read = try ModelFile.decode(
            try ModelFile.encode(half.model, golden: half.golden),
            name: "series"
        )
        #expect(read.autoencoder == half.model.autoencoder)

        let rows = Series.rows(2000..<2300) + Series.rows(2300..<2400, offset: 6)
        let expected = scores(single.model, rows)
        let found = scores(read, rows)
        // A weight is rounded by at most 2⁻¹¹ of itself, by half of that on average and either
        // way, which moves a forecast by a few ten-thousandths of a channel's spread. A residual
        // is a few hundredths to a tenth of the spread, so that its energy moves by about a
        // hundredth, and the score, a logarithm of it that was calibrated with the same weights,
        // by less. Simulated pumps show 0.003 at most, with any cell.
        expectClose(found, expected, tolerance: 0.01)
        #expect(found != expected)
        #expect(found[16..<300].allSatisfy { $0 < 1 })
        #expect(try #require(found[302...].max()) > 1)
    }

    @Test(arguments: WeightType.allCases)
    func `the calibration is made of the very scores that the fleet gives`(
        weights: WeightType
    ) throws {
        let dataset = try Dataset(
            channels: ["a", "b"],
            rows: Series.rows(0..<2000),
            period: nil
        ) { FrameClock(period: $0) }
        let model = try Self.trained(1, weights: weights).model
        let sequence = try #require(dataset.calibration.first)
        let rows = (0..<sequence.count).map { t in
            CSVReader.Row(
                line: t,
                time: sequence.times[t],
                device: "",
                values: [sequence.value(t, 0), sequence.value(t, 1)],
                label: nil
            )
        }
        let live = scores(model, rows)
        let again = model.scores(of: sequence.values)
        #expect(live.map(\.bitPattern) == again.map(\.bitPattern))
        // A tail of 64 quantiles: the share of live scores above each is what the tail says.
        let judged = live.filter { !$0.isNaN }
        for k in [40, 48, 56, 60] {
            let a = model.calibration.tail.quantiles[k]
            let score =
                AnomalyScorer.positive(a) / AnomalyScorer.positive(model.calibration.threshold)
            let share = Double(judged.count { $0 > score }) / Double(judged.count)
            expectClose([share], [1 - Double(k) / 64], tolerance: 0.03)
        }
    }

    @Test func `a channel that never changed takes part, one that was never there does not`() throws
    {
        func rows(_ frames: Range<Int>, still: (Int) -> Double) -> [CSVReader.Row] {
            Series.rows(frames).map { row in
                var row = row
                row.values += [still(row.line - 2), .nan]
                return row
            }
        }
        var plan = ModelTraining.Plan()
        plan.hiddenSize = 12
        plan.options.updates = 80
        let result = try ModelTraining(plan).run(
            try Dataset(
                channels: ["a", "b", "still", "absent"],
                rows: rows(0..<2000) { _ in 7 },
                period: nil
            ) { FrameClock(period: $0) },
            name: "x",
            dataHash: "",
            configuration: [:],
            versions: [:],
            progress: { _ in }
        )
        #expect(result.model.calibration.isScored == [true, true, true, false])
        #expect(result.notes.contains("never changed, so that any change is a surprise: still"))
        #expect(result.notes.contains("not scored, for want of any value: absent"))
        let found = scores(result.model, rows(2000..<2200) { $0 < 2150 ? 7 : 8 })
        #expect(found[16..<150].allSatisfy { $0 < 1 })
        #expect(try #require(found[150..<155].max()) > 1)
    }

    @Test func `a channel that is named but not there is refused`() throws {
        var plan = ModelTraining.Plan()
        plan.channels = ["c": Channel(name: "c")]
        let dataset = try Dataset(
            channels: ["a", "b"],
            rows: Series.rows(0..<300),
            period: nil
        ) { FrameClock(period: $0) }
        #expect(throws: DatasetError.unknownChannel("c")) {
            try ModelTraining(plan).run(
                dataset,
                name: "x",
                dataHash: "",
                configuration: [:],
                versions: [:],
                progress: { _ in }
            )
        }
    }
}
