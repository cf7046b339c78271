import Testing
import TocsinTestNumbers

@testable import TocsinCore
@testable import TocsinTraining

struct BaselineComparisonTests {
    private static func trained(_ rows: [CSVReader.Row]) throws -> (Model, Dataset) {
        let dataset = try Dataset(channels: ["a", "b"], rows: rows, period: .seconds(1)) {
            FrameClock(period: $0)
        }
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

    @Test func `the same model and data give the same comparison`() throws {
        let (model, dataset) = try Self.trained(Series.rows(0..<1400))
        let comparison = try BaselineComparison(model, dataset)
        #expect(comparison == (try BaselineComparison(model, dataset)))
        #expect(comparison.faults == 40)
        #expect(comparison.baselines.count == 7)
        // A quarter of the judged frames are faulty, which is what guessing earns.
        for precision in comparison.baselines + [comparison.network] {
            #expect(precision > 0.3 && precision < 1)
        }
        #expect(comparison.margin >= 0.01 && comparison.margin < 0.3)
    }

    @Test func `too short a part is no comparison, and says what is missing`() throws {
        let (model, dataset) = try Self.trained(Series.rows(0..<1200))
        let reason =
            "too short to compare with baselines: 128 frames without a gap are needed in the last "
            + "tenth, and there are 120"
        #expect(throws: DatasetError.unusable(reason)) { try BaselineComparison(model, dataset) }
    }

    @Test func `the verdict is one sentence`() {
        func sentence(_ network: Double) -> String {
            BaselineComparison(
                faults: 40,
                network: network,
                baselines: [0.1, 0.2, 0.3, 0.4, 0.5, 0.554, 0.05],
                margin: 0.02
            ).sentence
        }
        let beside = "beside 7 baselines on 40 injected faults in the last tenth: "
        let best = "best baseline VAR(8) 0.55 (average precision): "
        #expect(
            sentence(0.609)
                == "\(beside)network 0.61, \(best)the network earns its place"
        )
        #expect(
            sentence(0.54)
                == "\(beside)network 0.54, \(best)VAR(8) does as well at a fraction of the cost"
        )
        #expect(
            sentence(0.053)
                == "\(beside)network 0.05, \(best)VAR(8) does better at a fraction of the cost"
        )
    }
}

struct FaultTrialTests {
    private let scaler = Scaler(offset: [0, 0], gain: [0.1, 1])

    private func drawn(_ count: Int, isScored: [Bool] = [true, true]) -> [FaultTrial] {
        // What each value was before the fault can be told from the value.
        let healthy = (0..<300).map { t in [Double(t), Double(t) + 1000] }
        return FaultTrial.drawn(
            count,
            from: [Series.sequence(healthy)],
            isScored: isScored,
            scaler: scaler,
            warmUp: 16,
            seed: 1
        )
    }

    @Test func `a trial is healthy up to its last frames`() {
        for trial in drawn(20) {
            #expect(trial.lead == 64)
            #expect(trial.values.count == 128 * 2)
            let start = trial.values[0]
            for t in 0..<112 {
                #expect(trial.values[2 * t] == start + Double(t))
                #expect(trial.values[2 * t + 1] == start + Double(t) + 1000)
            }
            let judged = trial.judged(Array(repeating: 0, count: 128))
            #expect(judged.map(\.isFaulty) == (0..<64).map { $0 >= 48 })
        }
    }

    @Test func `every second fault leaves a channel alone, and none is without effect`() {
        for (i, trial) in drawn(20).enumerated() {
            let start = trial.values[0]
            let changed = (0..<2).map { c in
                (112..<128).contains { t in
                    trial.values[2 * t + c] != start + Double(t) + 1000 * Double(c)
                }
            }
            #expect(changed.count { $0 } == (i % 2 == 0 ? 1 : 2))
        }
        for trial in drawn(20, isScored: [true, false]) {
            for t in 112..<128 {
                #expect(trial.values[2 * t + 1] == trial.values[0] + Double(t) + 1000)
            }
        }
    }

    @Test(arguments: InjectedFault.Kind.allCases)
    func `a fault does what it is called`(kind: InjectedFault.Kind) {
        var random = SeededGenerator(seed: 3)
        let healthy: [Double] = (0..<40).flatMap { t -> [Double] in [Double(t), 0, .nan] }
        let other: [Double] = (0..<16).flatMap { t -> [Double] in [Double(100 + t), 0, 0] }
        var values = healthy
        InjectedFault(kind: kind, channels: [0, 2], units: [10, 1, 1], isJoint: false).inject(
            into: &values,
            frames: 20..<36,
            other: other,
            random: &random
        )
        for t in 0..<40 {
            let change = values[3 * t] - healthy[3 * t]
            #expect(values[3 * t + 1] == 0)
            #expect(values[3 * t + 2].isNaN || kind == .elsewhere)
            guard (20..<36).contains(t) else {
                #expect(change == 0)
                continue
            }
            switch kind {
            case .offset: #expect(abs(change) >= 10 && abs(change) <= 30)
            case .noise: #expect(change != 0 && abs(change) < 100)
            case .frozen: #expect(values[3 * t] == 19)
            case .elsewhere: #expect(values[3 * t] == Double(100 + t - 20))
            case .spikes:
                let isSpike = t == 20 || t == 28
                #expect(isSpike ? abs(change) >= 30 && abs(change) <= 60 : change == 0)
            }
        }
    }

    @Test func `a joint fault moves all channels by the same multiple`() {
        var random = SeededGenerator(seed: 3)
        var values = Array(repeating: 0.0, count: 2 * 20)
        InjectedFault(kind: .noise, channels: [0, 1], units: [1, -4], isJoint: true).inject(
            into: &values,
            frames: 4..<20,
            other: Array(repeating: 0, count: 2 * 16),
            random: &random
        )
        for t in 4..<20 { #expect(values[2 * t + 1] == -4 * values[2 * t]) }
    }
}
