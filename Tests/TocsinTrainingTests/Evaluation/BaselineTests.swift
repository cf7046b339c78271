import Testing
import TocsinTestNumbers

@testable import TocsinCore
@testable import TocsinTraining

struct BaselineTests {
    private let scaler = Scaler(offset: [10], gain: [0.5])

    private func state(_ kind: Baseline.Kind) -> BaselineState {
        let fit = Series.sequence([[10], [14], [.nan], [12]])
        return BaselineState(Baseline(kind, fitting: [fit], scaler: scaler))
    }

    @Test func `every baseline begins at the mean of the fit part`() {
        // Features 0, 2 and 1.
        for kind in Baseline.Kind.allCases { #expect(state(kind).forecast == [1]) }
    }

    @Test func `the last value, the mean, and the slow mean by hand`() {
        let expected: [Baseline.Kind: Float] = [.lastValue: 3, .mean: 1, .movingAverage: 1.1]
        for kind in Baseline.Kind.allCases {
            var state = state(kind)
            state.step([3])
            state.step([.nan])
            expectClose(state.forecast, [expected[kind] ?? .nan], tolerance: 1e-6)
        }
    }

    @Test(arguments: Baseline.Kind.allCases)
    func `a baseline under the chain scores a jump, after the warm-up`(kind: Baseline.Kind) throws {
        let dataset = try Dataset(
            channels: ["a", "b"],
            rows: Series.rows(0..<1500),
            period: .seconds(1)
        ) { FrameClock(period: $0) }
        var plan = ModelTraining.Plan()
        plan.hiddenSize = 4
        plan.options.updates = 5
        let model = try ModelTraining(plan).run(
            dataset,
            name: "test",
            dataHash: "",
            configuration: [:],
            versions: [:],
            progress: { _ in }
        ).model
        var detector = try BaselineDetector(kind, beside: model, fitting: dataset)
        var again = detector
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
}
