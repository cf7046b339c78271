import TocsinCore

/// Fits the drift reference: where the hidden state lives, how the watched quantities are
/// distributed, and how far they stray by themselves.
///
/// The residual is judged on frames that the network was not fitted on. The hidden state is judged on
/// all of them: where it lives depends little on that, and much on having seen whole days.
struct DriftCalibrator {
    /// The hidden state after each frame of each sequence, `[sequences][frames][hidden]`.
    let hidden: [[[Float]]]
    /// Deviations in usual sizes, on the calibration part, `[frames][channels]`.
    let deviations: [[Double]]

    /// A threshold from the calibration part alone is too low, since recordings drift by themselves;
    /// 2.5 is what the prototype needed (`design/detection.md`, section 1, point 8).
    static let margin = 2.5
    /// No threshold lies below it: a tenth is called stable wherever the index is used.
    static let least = 0.1
    static let bins = 10
    static let runs = 60

    func reference(channels: Int, day: Int, seed: UInt64) -> DriftReference {
        let (mean, whitening) = whitening()
        var reference = DriftReference(
            quantities: [],
            hiddenMean: mean,
            hiddenWhitening: whitening
        )
        var series: [[Double]] = Array(repeating: [], count: DriftCause.allCases.count)
        func append(_ quantities: InlineArray<4, Double>) {
            for i in series.indices where !quantities[i].isNaN { series[i].append(quantities[i]) }
        }
        var detector = DriftDetector(reference, channels: channels)
        for deviations in deviations {
            append(
                detector.quantities(
                    deviations: deviations,
                    state: [],
                    hidden: 0..<0,
                    reference: reference
                )
            )
        }
        series[DriftCause.norm.rawValue].removeAll()
        series[DriftCause.place.rawValue].removeAll()
        series[DriftCause.speed.rawValue].removeAll()
        for states in hidden {
            detector = DriftDetector(reference, channels: channels)
            for state in states {
                append(
                    detector.quantities(
                        deviations: [],
                        state: state,
                        hidden: state.indices,
                        reference: reference
                    )
                )
            }
        }
        var random = SeededGenerator(seed: seed)
        reference.quantities = series.map { self.reference($0, day: day, random: &random) }
        return reference
    }

    /// Bins of equal mass, and a threshold from resampled runs.
    private func reference(
        _ series: [Double],
        day: Int,
        random: inout SeededGenerator
    ) -> PopulationStability.Reference {
        guard !series.isEmpty else {
            return PopulationStability.Reference(edges: [], shares: [1], threshold: 1)
        }
        let sorted = series.sorted()
        var edges: [Double] = []
        for k in 1..<Self.bins {
            let edge = sorted.quantile(Double(k) / Double(Self.bins))
            if edge > edges.last ?? -.infinity { edges.append(edge) }
        }
        var counts: [Double] = Array(repeating: 0, count: edges.count + 1)
        var reference = PopulationStability.Reference(
            edges: edges,
            shares: counts,
            threshold: 1
        )
        for value in series {
            var bin = 0
            while bin < edges.count, value > edges[bin] { bin += 1 }
            counts[bin] += 1
        }
        reference.shares = counts.map { $0 / Double(series.count) }

        let block = max(min(series.count / 4, day), 1)
        var maxima: [Double] = []
        for _ in 0..<Self.runs {
            var tracker = PopulationStability(reference)
            var largest = 0.0
            var done = 0
            while done < series.count {
                let start = Int(random.uniform() * Double(series.count))
                for k in 0..<min(block, series.count - done) {
                    let value = series[(start + k) % series.count]
                    largest = max(largest, tracker.update(value, reference: reference))
                }
                done += block
            }
            maxima.append(largest)
        }
        reference.threshold = max(Self.margin * maxima.sorted().quantile(0.95), Self.least)
        return reference
    }

    /// Mean of the hidden state, and L⁻¹ of its covariance L Lᵀ, which is regularised by 1 % of its
    /// mean variance so that directions that never moved do not count for everything.
    private func whitening() -> (mean: [Float], inverse: [Float]) {
        let states = hidden.joined()
        let size = states.first?.count ?? 0
        let count = Double(states.count)
        var mean: [Double] = Array(repeating: 0, count: size)
        for state in states {
            for i in 0..<size { mean[i] += Double(state[i]) / count }
        }
        var covariance: [Double] = Array(repeating: 0, count: size * size)
        for state in states {
            for i in 0..<size {
                let di = Double(state[i]) - mean[i]
                for j in 0...i {
                    covariance[i * size + j] += di * (Double(state[j]) - mean[j]) / count
                }
            }
        }
        var trace = 0.0
        for i in 0..<size { trace += covariance[i * size + i] }
        let ridge = 0.01 * trace / Double(size) + 1e-9
        for i in 0..<size { covariance[i * size + i] += ridge }
        let inverse = invertedFactor(covariance, size: size)
        return (mean.map { Float($0) }, inverse.map { Float($0) })
    }

    /// L⁻¹ of the Cholesky factor of a positive definite matrix, lower triangle row by row.
    private func invertedFactor(_ matrix: [Double], size: Int) -> [Double] {
        var factor = matrix
        for i in 0..<size {
            for j in 0...i {
                var sum = factor[i * size + j]
                for k in 0..<j { sum -= factor[i * size + k] * factor[j * size + k] }
                factor[i * size + j] = i == j ? sum.squareRoot() : sum / factor[j * size + j]
            }
        }
        var inverse: [Double] = Array(repeating: 0, count: size * size)
        for i in 0..<size {
            for j in 0...i {
                var sum = i == j ? 1.0 : 0
                for k in j..<i { sum -= factor[i * size + k] * inverse[k * size + j] }
                inverse[i * size + j] = sum / factor[i * size + i]
            }
        }
        return (0..<size).flatMap { i in inverse[i * size...i * size + i] }
    }
}
