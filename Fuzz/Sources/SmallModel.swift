@testable import TocsinCore
@testable import TocsinNN

/// A model of two channels with weights and calibration made up: small enough to be read, written and
/// stepped some thousand times a second.
func smallModel(
    hiddenSize: Int = 4,
    cell: CellKind = .lstm,
    heads: Heads = .forecast,
    weights: WeightType = .single
) -> Model {
    let names = ["a", "b"]
    let count = names.count
    let blueprint = Blueprint(
        inputSize: count,
        cell: cell,
        hiddenSize: hiddenSize,
        codeSize: heads.contains(.reconstruct) ? 1 : 0,
        heads: heads
    )
    var random = SeededGenerator(seed: 1)
    var parameters = Parameters(zeros: blueprint)
    for i in parameters.values.indices {
        parameters.values[i] = Float.random(in: -0.4...0.4, using: &random)
    }
    let ones = Array(repeating: 1.0, count: count)
    let energy = Calibration.LogNormal(median: 1, mean: 0, spread: 0.5)
    let quantity = PopulationStability.Reference(
        edges: [0.1, 0.4, 0.8, 1.5],
        shares: [0.2, 0.2, 0.2, 0.2, 0.2],
        threshold: 0.6
    )
    let calibration = Calibration(
        isScored: names.map { _ in true },
        residual: Calibration.Residual(rms: ones, trained: energy, recent: energy),
        threshold: 3,
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
                threshold: 0.6
            ),
            pace: StatePace.Reference(
                weights: (0..<2 * hiddenSize).map { $0 % 2 == 0 ? 1 : -0.5 },
                limits: (0..<2 * hiddenSize).map { _ in 0.3 },
                offset: 0.1,
                threshold: 0.6
            )
        ),
        faults: FaultLimits(still: [6, 0], absent: [0, 8], steps: [50, 0]),
        independentStretches: 12
    )
    guard
        let autoencoder = try? Autoencoder(
            blueprint: blueprint,
            parameters: parameters,
            weights: weights
        )
    else { fatalError("the blueprint is impossible") }
    return Model(
        name: "small",
        identity: "1",
        channels: names.map {
            Channel(
                name: $0,
                unit: "bar",
                minimum: -1000,
                maximum: 1000
            )
        },
        scaler: Scaler(
            offset: Array(repeating: 10, count: count),
            gain: Array(repeating: 0.5, count: count)
        ),
        autoencoder: autoencoder,
        calibration: calibration,
        clock: FrameClock(period: .seconds(1)),
        warmUp: 4,
        longestSequence: 100,
        provenance: Model.Provenance(
            dataHash: "0",
            dataUntil: "2026-01-01T00:00:00.000Z",
            seed: 1,
            configuration: ["hidden": "\(hiddenSize)"],
            versions: ["tocsin": "0"]
        ),
        validation: Model.Validation(modelError: 0.5, lastValueError: 1, frames: 100)
    )
}
