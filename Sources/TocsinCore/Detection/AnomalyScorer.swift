import Glibc

/// Scores frames: how far a device is from how it used to behave, and how much of that is new.
///
///     E, F  = the residual's mean energy beside training, and beside the recent past, too
///     z(E)  = (ln E − mean) / spread, as calibrated
///     B     = z(F)                              what is new
///     A     = 0.7 z(E) + 0.3 z(F)               what is unlike training
///     score   = s(A) / s(A_on),   novelty = s(B) / s(A_on),   s(a) = ln(1 + e^a)
///
/// Where nothing has been unusual for a while the two agree. Where a device has left its training for
/// good, the score stays above 1 and the novelty comes down: alerts ring by the novelty, and an
/// operator sees by the score that the device is still elsewhere. s keeps order among healthy frames,
/// is positive, and is a itself where it matters.
///
/// Source: the residual chain of `design/detection.md`, section 4; the recent past is ours, measured in
/// <doc:ChoosingTheModel>. What is stored here is one device's part; what is usual stands in the
/// model's ``Calibration``.
public struct AnomalyScorer: Sendable {
    /// The score of one frame.
    public struct Score: Sendable, Equatable, BitwiseCopyable {
        /// How unlike training, dimensionless, > 0; 1 is the boundary.
        public var value: Double
        /// How unlike training and the recent past, dimensionless, > 0; 1 is the boundary.
        public var novelty: Double
        /// How probable a healthy frame is to score as high, 0 … 1.
        public var tailProbability: Double

        /// A score.
        public init(value: Double, novelty: Double, tailProbability: Double) {
            self.value = value
            self.novelty = novelty
            self.tailProbability = tailProbability
        }
    }

    /// The share of E in A; the rest is F's.
    static let trainingShare = 0.7

    private var fields: [Double]
    private let channels: Int

    /// A scorer that has seen nothing.
    public init(channels: Int) {
        self.channels = channels
        fields = Array(
            repeating: 0,
            count: ChannelEnergies.fields * Channels.padded(channels)
        )
        fields.withFields(channels) { ChannelEnergies($0).begin() }
    }

    /// The residual in units of its usual size, within ± 10; NaN if there is none, `[channels]`.
    public var deviations: [Double] {
        var copy = fields
        return copy.withFields(channels) { fields in
            let deviations = ChannelEnergies(fields).deviations
            return deviations.indices.map { deviations[$0] }
        }
    }

    /// Each channel's share of the novelty, sums to 1, `[channels]`.
    public var shares: [Double] {
        var copy = fields
        return copy.withFields(channels) { ChannelEnergies($0).shares }
    }

    /// The residual's energies, before they are compared with what is usual.
    public struct Energies: Sendable, Equatable, BitwiseCopyable {
        /// E, beside training.
        public var trained: Double
        /// F, beside the recent past.
        public var recent: Double
    }

    /// A and B, in spreads of the log energy.
    public struct StandardScores: Sendable, Equatable {
        /// A.
        public var fused: Double
        /// B.
        public var novelty: Double
    }

    /// Takes in one frame.
    ///
    /// - Parameters:
    ///   - features: scaled values, NaN for a masked channel, `[channels]`
    ///   - expected: what the network expected of them: the forecast made one frame ago, or without that
    ///     head the reconstruction, `[channels]`; `nil` if there is neither yet
    ///   - calibration: what is usual
    /// - Returns: the energies, which ``score(_:threshold:calibration:)`` turns into a score; `nil` if
    ///   no channel took part
    public mutating func update(
        features: [Float],
        expected: [Float]?,
        calibration: Calibration
    ) -> Energies? {
        var features = features.padded(with: .nan)
        var expected = (expected ?? features.map { _ in .nan }).padded(with: .nan)
        let usual = calibration.residualUsual
        let channels = channels
        return withExtendedLifetime(usual) {
            fields.withFields(channels) { fields in
                features.withFields(channels) { features in
                    expected.withFields(channels) { expected in
                        ChannelEnergies(fields).update(
                            features: features,
                            expected: expected,
                            usual: usual.view
                        ).energies
                    }
                }
            }
        }
    }

    /// A and B of these energies.
    public static func standardScores(
        _ energies: Energies,
        calibration: Calibration
    ) -> StandardScores {
        let residual = calibration.residual
        let beside = residual.trained.standardScore(energies.trained)
        let new = residual.recent.standardScore(energies.recent)
        return StandardScores(
            fused: trainingShare * beside + (1 - trainingShare) * new,
            novelty: new
        )
    }

    /// The score.
    ///
    /// - Parameters:
    ///   - scores: A and B
    ///   - threshold: A_on, in spreads
    ///   - calibration: what is usual
    public static func score(
        _ scores: StandardScores,
        threshold: Double,
        calibration: Calibration
    ) -> Score {
        let boundary = positive(threshold)
        return Score(
            value: positive(scores.fused) / boundary,
            novelty: positive(scores.novelty) / boundary,
            tailProbability: calibration.tail.probability(scores.fused)
        )
    }

    /// ln(1 + e^a), for any a.
    static func positive(_ a: Double) -> Double {
        max(a, 0) + log1p(exp(-abs(a)))
    }
}

extension ChannelEnergies {
    /// Each channel's share of the novelty: they sum to 1, or are all 0, `[channels]`.
    var shares: [Double] {
        let weights = recent.indices.map { recent[$0] * counted[$0] }
        let sum = weights.reduce(0, +)
        return weights.map { sum > 0 ? $0 / sum : 0 }
    }

    func save(to writer: inout StateWriter) {
        writer.write(trained.indices.map { trained[$0] })
        writer.write(recent.indices.map { recent[$0] })
        writer.write(power.indices.map { power[$0] })
    }

    func restore(from reader: inout StateReader) throws(StateError) {
        begin()
        for field in [trained, recent, power] {
            let amounts = try reader.readAmounts(count: channels)
            for c in field.indices { field[c] = amounts[c] }
        }
    }
}

extension Calibration {
    /// What is usual of each channel's residual.
    var residualUsual: ResidualUsual {
        ResidualUsual(isScored: isScored, rms: residual.rms)
    }
}
