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
    public struct Score: Sendable, Equatable {
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

    private var tracker: EnergyTracker
    /// Which channels take part in this frame, `[channels]`.
    private var isCounted: [Bool]
    /// The residual in units of its usual size, within ± 10; NaN if there is none, `[channels]`.
    public private(set) var deviations: [Double]
    /// Each channel's share of the novelty, sums to 1, `[channels]`.
    public private(set) var shares: [Double]

    /// A scorer that has seen nothing.
    public init(channels: Int) {
        tracker = EnergyTracker(channels: channels)
        isCounted = Array(repeating: false, count: channels)
        deviations = Array(repeating: .nan, count: channels)
        shares = Array(repeating: 0, count: channels)
    }

    /// The residual's energies, before they are compared with what is usual.
    public struct Energies: Sendable, Equatable {
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
    /// Does not allocate.
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
        for c in features.indices {
            isCounted[c] = !features[c].isNaN && calibration.isScored[c]
        }
        Self.compare(features, expected, isCounted, calibration, into: &deviations)
        tracker.update(deviations)
        Self.limit(&deviations)
        guard let means = tracker.means(where: isCounted) else { return nil }
        Self.share(tracker, isCounted, into: &shares)
        return Energies(trained: means.energy, recent: means.novelty)
    }

    /// A and B of these energies.
    public static func standardScores(
        _ energies: Energies,
        calibration: Calibration
    ) -> StandardScores {
        let trained = calibration.residual.trained.standardScore(energies.trained)
        let recent = calibration.residual.recent.standardScore(energies.recent)
        return StandardScores(
            fused: trainingShare * trained + (1 - trainingShare) * recent,
            novelty: recent
        )
    }

    /// The score; does not allocate.
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

    private static func compare(
        _ features: [Float],
        _ expected: [Float]?,
        _ isCounted: [Bool],
        _ calibration: Calibration,
        into deviations: inout [Double]
    ) {
        var deviations = deviations.mutableSpan
        for c in deviations.indices {
            deviations[c] = .nan
            guard let expected, isCounted[c] else { continue }
            deviations[c] = Double(features[c] - expected[c]) / calibration.residual.rms[c]
        }
    }

    private static func limit(_ deviations: inout [Double]) {
        var deviations = deviations.mutableSpan
        for c in deviations.indices where !deviations[c].isNaN {
            deviations[c] = min(max(deviations[c], -10), 10)
        }
    }

    private static func share(
        _ tracker: EnergyTracker,
        _ isCounted: [Bool],
        into shares: inout [Double]
    ) {
        let channels = tracker.channels.span
        var shares = shares.mutableSpan
        var sum = 0.0
        for c in shares.indices where isCounted[c] { sum += channels[c].novelty }
        for c in shares.indices {
            shares[c] = isCounted[c] && sum > 0 ? channels[c].novelty / sum : 0
        }
    }
}

extension AnomalyScorer {
    func save(to writer: inout StateWriter) { tracker.save(to: &writer) }

    mutating func restore(from reader: inout StateReader) throws(StateError) {
        try tracker.restore(from: &reader)
    }
}
