import Testing
import TocsinNN
import TocsinTestNumbers

@testable import TocsinCore
@testable import TocsinTraining

struct BaselineTests {
    /// A baseline on features as they are, which a scaler would only hide.
    private func baseline(
        _ kind: Baseline.Kind,
        fitting values: [[Double]],
        heads: Heads = .forecast
    ) throws -> Baseline {
        let channels = values.first?.count ?? 0
        let blueprint = Blueprint(
            inputSize: channels,
            hiddenSize: 4,
            codeSize: heads.contains(.reconstruct) ? 2 : 0,
            heads: heads
        )
        return Baseline(
            kind,
            fitting: [Series.sequence(values)],
            scaler: Scaler(
                offset: Array(repeating: 0, count: channels),
                gain: Array(repeating: 1, count: channels)
            ),
            autoencoder: try Autoencoder(
                blueprint: blueprint,
                parameters: Initialisation(seed: 1).parameters(for: blueprint)
            ),
            seed: 1
        )
    }

    @Test func `seven rivals, and the network without its memory`() {
        #expect(Baseline.rivals.count == 7)
        #expect(Set(Baseline.Kind.allCases).subtracting(Baseline.rivals) == [.noMemory])
    }

    @Test func `the last value, the mean, and the slow mean by hand`() throws {
        // The mean is 1; what is missing is taken for what was expected.
        let expected: [Baseline.Kind: [Float]] = [
            .lastValue: [1, 3, 3, -2], .mean: [1, 1, 1, 1],
            .movingAverage: [1, 1.1, 1.1, 0.945],
        ]
        for (kind, values) in expected {
            var state = BaselineState(try baseline(kind, fitting: [[0], [2], [.nan], [1]]))
            let found = [3, .nan, -2, 0].flatMap { state.expect([$0]) }
            expectClose(found, values, tolerance: 1e-6)
        }
    }

    @Test func `a vector autoregression foresees what an impulse leads to`() throws {
        // x(t) = 0.5 x(t−1) − 0.3 y(t−2), y(t) = 0.4 x(t−1) + 0.6 y(t−1), with noise of spread 1.
        var random = SeededGenerator(seed: 1)
        var values = [[0.0, 0.0], [0.0, 0.0]]
        for t in 2..<8000 {
            values.append([
                0.5 * values[t - 1][0] - 0.3 * values[t - 2][1] + random.normal(),
                0.4 * values[t - 1][0] + 0.6 * values[t - 1][1] + random.normal(),
            ])
        }
        let baseline = try baseline(.autoregression, fitting: values)
        let mean = baseline.mean
        func after(_ impulse: [Float], frames: Int) -> [Float] {
            var state = BaselineState(baseline)
            for _ in 0..<8 { _ = state.expect(mean) }
            _ = state.expect([mean[0] + impulse[0], mean[1] + impulse[1]])
            for _ in 1..<frames { _ = state.expect(mean) }
            let expected = state.expect(mean)
            return [expected[0] - mean[0], expected[1] - mean[1]]
        }
        // The ridge of a tenth takes about as much of each coefficient; chance adds 1/√8000 = 0.011.
        expectClose(after([1, 0], frames: 1), [0.5, 0.4], tolerance: 0.1)
        expectClose(after([0, 1], frames: 1), [0, 0.6], tolerance: 0.1)
        expectClose(after([1, 0], frames: 2), [0, 0], tolerance: 0.1)
        expectClose(after([0, 1], frames: 2), [-0.3, 0], tolerance: 0.1)
    }

    @Test(arguments: [Baseline.Kind.components, .windowComponents])
    func `components leave nothing of what lies in their plane, and all that lies across`(
        kind: Baseline.Kind
    ) throws {
        // Three channels that rise and fall together: (2, −1, 0.5) times a number between −1 and 1.
        let direction: [Float] = [2, -1, 0.5]
        var random = SeededGenerator(seed: 2)
        var steps: [Float] = []
        for _ in 0..<500 { steps.append(Float(2 * random.uniform() - 1)) }
        let values = steps.map { step in direction.map { Double($0 * step) } }
        var state = BaselineState(try baseline(kind, fitting: values))
        // Half of 30 values in a window hold 15 directions, more than the 10 that there are.
        for step in steps[..<20] {
            let frame = direction.map { $0 * step }
            let expected = state.expect(frame)
            // What the last 5 % hold is left over.
            let tolerance: Float = kind == .components ? 0.01 : 0.6
            expectClose(expected, frame, tolerance: tolerance)
        }
        // (0, 1, 2) is at right angles to it.
        let frame = direction.map { $0 * steps[20] }
        let across: [Float] = [frame[0], frame[1] + 1, frame[2] + 2]
        let residual = zip(across, state.expect(across)).map { $0 - $1 }
        #expect(residual[1] > 0.7)
        #expect(residual[2] > 1.4)
    }

    @Test func `one channel alone has no component, and is expected at its mean`() throws {
        var state = BaselineState(try baseline(.components, fitting: [[0], [2], [4], [2]]))
        #expect(state.expect([5]) == [2])
    }

    @Test func `clusters expect what followed in the nearest window`() throws {
        // Ten frames low, ten frames high, over and over: forty windows differ by their phase.
        let values = (0..<1000).map { t in [t / 10 % 2 == 0 ? -1.0 : 1.0] }
        var state = BaselineState(try baseline(.clusters, fitting: values))
        for t in 0..<19 { _ = state.expect([Float(values[t][0])]) }
        expectClose(state.expect([1]), [1], tolerance: 0.01)
        // Ten high frames and a dip, which no typical window ends in.
        expectClose(state.expect([-1]), [-1], tolerance: 0.01)
        for _ in 0..<9 { _ = state.expect([1]) }
        #expect(abs(state.expect([0])[0]) > 0.9)
    }

    @Test(arguments: [Heads.forecast, .reconstruct])
    func `without its memory the network knows one frame`(heads: Heads) throws {
        let baseline = try baseline(.noMemory, fitting: [[0, 1], [2, 3]], heads: heads)
        guard case .network(let autoencoder) = baseline.form else {
            Issue.record("not a network")
            return
        }
        var state = BaselineState(baseline)
        let frames: [[Float]] = [[1, 0], [3, -1], [0, 9]]
        for (t, frame) in frames.enumerated() {
            var alone = autoencoder.zeroState()
            let seen =
                heads == .reconstruct ? frame : t == 0 ? baseline.mean : frames[t - 1]
            autoencoder.step(seen.map { $0.clipped(to: 5) }, state: &alone)
            let expected = heads == .reconstruct ? alone.reconstruction : alone.forecast
            #expect(state.expect(frame) == expected)
        }
    }

    @Test(arguments: Baseline.Kind.allCases)
    func `missing channels and values out of range leave nothing that is not a number`(
        kind: Baseline.Kind
    ) throws {
        let values = Series.rows(0..<300).map { [($0.values[0] - 20) / 3, $0.values[1] - 5] }
        var holes = values
        for t in stride(from: 0, to: 300, by: 7) { holes[t][t % 2] = .nan }
        var state = BaselineState(try baseline(kind, fitting: holes))
        let frames: [[Float]] = [[.nan, .nan], [20, -20], [.nan, 20]]
        for frame in frames + Array(repeating: [.nan, 1], count: 50) {
            let expected = state.expect(frame)
            #expect(expected.allSatisfy { $0.isFinite && abs($0) < 50 })
        }
    }

    @Test(arguments: Baseline.Kind.allCases)
    func `recordings without a window to fit on are no reason to fail`(
        kind: Baseline.Kind
    ) throws {
        let baseline = try baseline(kind, fitting: [[1, 2], [3, 4]])
        var state = BaselineState(baseline)
        for _ in 0..<12 { #expect(state.expect([1, 2]).allSatisfy { $0.isFinite }) }
        guard kind == .autoregression || kind == .clusters || kind == .windowComponents else {
            return
        }
        #expect(state.expect([1, 2]) == baseline.mean)
    }

    @Test func `windows get shorter where there are many channels`() {
        #expect([1, 40, 41, 200, 1000].map(Baseline.windowLength(channels:)) == [10, 10, 9, 2, 1])
        #expect([1, 50, 51, 200, 1000].map(Baseline.lags(channels:)) == [8, 8, 7, 2, 1])
    }
}

struct BaselineDetectorTests {
    private static let trained = Result {
        let dataset = try Dataset(
            channels: ["a", "b"],
            rows: Series.rows(0..<1500),
            period: .seconds(1)
        ) { FrameClock(period: $0) }
        var plan = ModelTraining.Plan()
        plan.hiddenSize = 4
        plan.options.updates = 5
        let result = try ModelTraining(plan).run(
            dataset,
            name: "test",
            dataHash: "",
            configuration: [:],
            versions: [:],
            progress: { _ in }
        )
        return (result.model, dataset)
    }

    @Test(arguments: Baseline.Kind.allCases)
    func `a baseline under the chain scores a jump, after the warm-up`(kind: Baseline.Kind) throws {
        let (model, dataset) = try Self.trained.get()
        var detector = try BaselineDetector(kind, beside: model, fitting: dataset)
        var again = try BaselineDetector(kind, beside: model, fitting: dataset)
        var scores: [Double?] = []
        let rows = Series.rows(1500..<1600) + Series.rows(1600..<1640, offset: 60)
        for row in rows {
            let frame = detector.assess(
                row.values,
                time: row.time,
                isAfterGap: false,
                policy: AlertPolicy()
            )
            let same = again.assess(
                row.values,
                time: row.time,
                isAfterGap: false,
                policy: AlertPolicy()
            )
            #expect(frame == same)
            scores.append(frame.score)
        }
        #expect(scores.prefix(16).allSatisfy { $0 == nil })
        #expect(scores.dropFirst(16).allSatisfy { $0 != nil })
        #expect(scores[20..<100].compactMap(\.self).allSatisfy { $0 < 1 })
        #expect(scores[100..<103].compactMap(\.self).allSatisfy { $0 >= 1 })
    }

    @Test(arguments: Baseline.Kind.allCases)
    func `after a gap a baseline begins anew`(kind: Baseline.Kind) throws {
        let (model, dataset) = try Self.trained.get()
        var fresh = try BaselineDetector(kind, beside: model, fitting: dataset)
        var used = fresh
        func assess(_ detector: inout BaselineDetector, _ row: CSVReader.Row, gap: Bool) -> Double?
        {
            detector.assess(row.values, time: row.time, isAfterGap: gap, policy: AlertPolicy())
                .score
        }
        for row in Series.rows(1500..<1540, offset: 9) { _ = assess(&used, row, gap: false) }
        for (t, row) in Series.rows(1600..<1640).enumerated() {
            let score = assess(&used, row, gap: t == 0)
            #expect(score == assess(&fresh, row, gap: false))
            #expect((score != nil) == (t >= 16))
        }
    }
}
