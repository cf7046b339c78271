import Glibc
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
    /// Deviations of all sequences, `[sequences][frames][channels]`.
    var everything: [[[Double]]] = []
    /// The hidden states of the sequences run through faster, `[sequences][frames][hidden]`.
    var faster: [[[Float]]] = []

    /// A threshold from the calibration part alone is too low, since recordings drift by themselves;
    /// 2.5 is what the prototype needed (`design/detection.md`, section 1, point 8), and what the
    /// state's norm and speed need here; the other two strayed further, see the article
    /// `WatchingForDrift`.
    static func margin(_ cause: DriftCause) -> Double {
        switch cause {
        case .residual: 6
        case .place: 6.3
        case .norm, .speed: 2.5
        }
    }
    /// No threshold lies below it: a tenth is called stable wherever the index is used.
    static let least = 0.1
    /// No longer interval between false alerts is claimed than so many times the length of the
    /// record: on 54 clean stretches one came every two records, when the bootstrap promised more.
    static let most = 2.0
    static let bins = 10
    static let runs = 60

    func reference(channels: Int, day: Int, seed: UInt64) -> DriftReference {
        let (mean, whitening) = whitening()
        var reference = DriftReference(
            quantities: [],
            hiddenMean: mean,
            hiddenWhitening: whitening,
            channels: ChannelStray.Reference(fitting: everything, channels: channels),
            pace: StatePace.Reference(
                fitting: hidden,
                faster: faster,
                hiddenSize: mean.count
            )
        )
        var series: [[Double]] = Array(repeating: [], count: DriftCause.allCases.count)
        func append(_ quantities: InlineArray<4, Double>) {
            for i in series.indices where !quantities[i].isNaN { series[i].append(quantities[i]) }
        }
        var detector = DriftDetector(reference)
        for deviations in deviations {
            append(
                detector.quantities(
                    deviations: deviations,
                    hidden: nil
                )
            )
        }
        for states in hidden {
            detector = DriftDetector(reference)
            for state in states {
                append(
                    detector.quantities(
                        deviations: [],
                        hidden: state
                    )
                )
            }
        }
        var random = SeededGenerator(seed: seed)
        var falseAlerts = 0.0
        for cause in DriftCause.allCases {
            let series = series[cause.rawValue]
            let fitted = self.reference(series, cause, day: day, random: &random)
            reference.quantities.append(fitted.reference)
            falseAlerts += fitted.falseAlerts
        }
        let frames = Double(hidden.reduce(0) { $0 + $1.count })
        reference.framesPerFalseAlert = min(1 / max(falseAlerts, 1e-12), Self.most * frames)
        reference.independentStretches = frames * ChannelStray.rate / 2
        return reference
    }

    /// Bins of equal mass, and a threshold from resampled runs.
    private func reference(
        _ series: [Double],
        _ cause: DriftCause,
        day: Int,
        random: inout SeededGenerator
    ) -> (reference: PopulationStability.Reference, falseAlerts: Double) {
        guard !series.isEmpty else {
            return (PopulationStability.Reference(edges: [], shares: [1], threshold: 1), 0)
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
            let usual = PopulationStability.Usual(reference)
            var largest = 0.0
            var done = 0
            while done < series.count {
                let start = Int(random.uniform() * Double(series.count))
                for k in 0..<min(block, series.count - done) {
                    let value = series[(start + k) % series.count]
                    largest = max(largest, tracker.update(value, usual: usual))
                }
                done += block
            }
            maxima.append(largest)
        }
        let usual = maxima.sorted().quantile(0.95)
        reference.threshold = max(Self.margin(cause) * usual, Self.least)
        let chance = Self.chance(reference.threshold, maxima)
        return (reference, chance / Double(series.count))
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
        let inverse = Cholesky(covariance, size: size).inverse
        return (mean.map { Float($0) }, inverse.map { Float($0) })
    }

    /// The probability that the largest index of a run exceeds `threshold`: the logarithm of a maximum
    /// taken as Gumbel's, fitted by moments.
    private static func chance(_ threshold: Double, _ maxima: [Double]) -> Double {
        let logarithms = maxima.map { log(max($0, 1e-9)) }
        let mean = logarithms.reduce(0, +) / Double(logarithms.count)
        let square = logarithms.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let scale = (6 * square / Double(logarithms.count)).squareRoot() / .pi + 1e-6
        let place = mean - 0.5772 * scale
        return 1 - exp(-exp(-(log(threshold) - place) / scale))
    }
}
