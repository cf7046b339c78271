@testable import TocsinCore
import TocsinNN

extension Model {
    /// A small model with weights and calibration made up from a seed.
    ///
    /// The calibration is plausible, not fitted: features about 1 in size, energies about 1.
    static func small(
        names: [String] = ["a", "b"],
        hiddenSize: Int = 4,
        cell: CellKind = .lstm,
        heads: Heads = .forecast,
        period: Duration = .seconds(1),
        clock: FrameClock? = nil,
        warmUp: Int = 4,
        faults: FaultLimits? = nil,
        range: ClosedRange<Double>? = nil,
        threshold: Double = 3,
        driftThreshold: Double = 0.6,
        identity: String = "1",
        seed: UInt64 = 1,
        weights: WeightType = .single
    ) throws -> Model {
        let count = names.count
        let blueprint = Blueprint(
            inputSize: count,
            cell: cell,
            hiddenSize: hiddenSize,
            codeSize: heads.contains(.reconstruct) ? 1 : 0,
            heads: heads
        )
        var random = SeededGenerator(seed: seed)
        var parameters = Parameters(zeros: blueprint)
        for i in parameters.values.indices {
            parameters.values[i] = Float(random.number(in: -0.4...0.4))
        }
        let ones = Array(repeating: 1.0, count: count)
        let energy = Calibration.LogNormal(median: 1, mean: 0, spread: 0.5)
        let quantity = PopulationStability.Reference(
            edges: [0.1, 0.4, 0.8, 1.5],
            shares: [0.2, 0.2, 0.2, 0.2, 0.2],
            threshold: driftThreshold
        )
        let calibration = Calibration(
            isScored: names.map { _ in true },
            residual: Calibration.Residual(rms: ones, trained: energy, recent: energy),
            threshold: threshold,
            peaks: PeakDistribution(level: 1, arrivals: 4, frames: 1000, excess: 4, weight: 6),
            tail: Calibration.Tail(quantiles: (0..<64).map { Double($0) / 32 - 1 }, excess: 0.3),
            drift: DriftReference(
                quantities: Array(repeating: quantity, count: 4),
                hiddenMean: Array(repeating: 0.01, count: hiddenSize),
                hiddenWhitening: (0..<hiddenSize).flatMap { i in
                    (0...i).map { $0 == i ? Float(4) : 0.5 }
                },
                channels: ChannelStray.Reference(
                    limit: names.map { _ in 4 },
                    usual: ones,
                    stray: ones,
                    burst: 3,
                    threshold: driftThreshold
                ),
                pace: StatePace.Reference(
                    weights: (0..<2 * hiddenSize).map { $0 % 2 == 0 ? 1 : -0.5 },
                    limits: (0..<2 * hiddenSize).map { _ in 0.3 },
                    offset: 0.1,
                    threshold: driftThreshold
                )
            ),
            faults: faults
                ?? FaultLimits(
                    still: Array(repeating: 0, count: count),
                    absent: Array(repeating: 0, count: count)
                ),
            independentStretches: 12
        )
        return Model(
            name: "small",
            identity: identity,
            channels: names.map {
                Channel(
                    name: $0,
                    unit: "bar",
                    minimum: range?.lowerBound,
                    maximum: range?.upperBound
                )
            },
            scaler: Scaler(
                offset: Array(repeating: 10, count: count),
                gain: Array(repeating: 0.5, count: count)
            ),
            autoencoder: try Autoencoder(
                blueprint: blueprint,
                parameters: parameters,
                weights: weights
            ),
            calibration: calibration,
            clock: clock ?? FrameClock(period: period),
            warmUp: warmUp,
            longestSequence: 100,
            provenance: Model.Provenance(
                dataHash: "0",
                dataUntil: "2026-01-01T00:00:00.000Z",
                seed: seed,
                configuration: ["hidden": "\(hiddenSize)"],
                versions: ["tocsin": "0"]
            ),
            validation: Model.Validation(modelError: 0.5, lastValueError: 1, frames: 100)
        )
    }
}

/// The values of a device that behaves: a slow wave around 10 with some noise, `[channels]`.
func healthyValues(_ frame: Int, channels: Int, _ random: inout SeededGenerator) -> [Double] {
    (0..<channels).map { c in
        10 + 2 * Double((frame + 3 * c) % 20) / 10 - 2 + 0.5 * random.normal()
    }
}
