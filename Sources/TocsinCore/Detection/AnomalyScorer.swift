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

    /// One channel's part.
    struct Channel: BitwiseCopyable, Equatable {
        var energy = ChannelEnergy()
        /// The residual in units of its usual size, within ± 10; NaN if there is none.
        var deviation = Double.nan
        /// Whether it took part in the last frame.
        var isCounted = false
    }

    /// What is usual of a channel's residual.
    struct Usual: BitwiseCopyable {
        var isScored: Bool
        /// Root mean square, in spreads.
        var rms: Double
    }

    private var channels: [Channel]

    /// A scorer that has seen nothing.
    public init(channels: Int) {
        self.channels = Array(repeating: Channel(), count: channels)
    }

    /// The residual in units of its usual size, within ± 10; NaN if there is none, `[channels]`.
    public var deviations: [Double] { channels.map(\.deviation) }

    /// Each channel's share of the novelty, sums to 1, `[channels]`.
    public var shares: [Double] {
        var channels = channels
        return channels.withNumbers { channels in
            let sum = Self.noveltySum(channels)
            return channels.indices.map { Self.share(channels[$0], of: sum) }
        }
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
        var features = features
        var expected = expected ?? features.map { _ in .nan }
        var usual = calibration.usualChannels
        return channels.withNumbers { channels in
            features.withNumbers { features in
                expected.withNumbers { expected in
                    usual.withNumbers { Self.update(channels, features, expected, $0) }
                }
            }
        }
    }

    /// Takes in one frame, without allocating; what was expected is NaN where there is nothing.
    static func update(
        _ channels: Numbers<Channel>,
        _ features: Numbers<Float>,
        _ expected: Numbers<Float>,
        _ usual: Numbers<Usual>
    ) -> Energies? {
        var energies = Energies(trained: 0, recent: 0)
        var count = 0.0
        for c in channels.indices {
            let usual = usual[c]
            let feature = features[c]
            var channel = channels[c]
            channel.isCounted = usual.isScored && !feature.isNaN
            channel.deviation = .nan
            defer { channels[c] = channel }
            guard channel.isCounted else { continue }
            let deviation = Double(feature - expected[c]) / usual.rms
            if !deviation.isNaN {
                channel.energy.update(deviation: deviation)
                channel.deviation = min(max(deviation, -10), 10)
            }
            energies.trained += channel.energy.trained
            energies.recent += channel.energy.recent
            count += 1
        }
        guard count > 0 else { return nil }
        return Energies(trained: energies.trained / count, recent: energies.recent / count)
    }

    /// What ``share(_:of:)`` divides by.
    static func noveltySum(_ channels: Numbers<Channel>) -> Double {
        var sum = 0.0
        for c in channels.indices where channels[c].isCounted { sum += channels[c].energy.recent }
        return sum
    }

    /// A channel's share of the novelty.
    static func share(_ channel: Channel, of sum: Double) -> Double {
        channel.isCounted && sum > 0 ? channel.energy.recent / sum : 0
    }

    /// A and B of these energies.
    public static func standardScores(
        _ energies: Energies,
        calibration: Calibration
    ) -> StandardScores {
        standardScores(
            energies,
            trained: calibration.residual.trained,
            recent: calibration.residual.recent
        )
    }

    static func standardScores(
        _ energies: Energies,
        trained: Calibration.LogNormal,
        recent: Calibration.LogNormal
    ) -> StandardScores {
        let beside = trained.standardScore(energies.trained)
        let new = recent.standardScore(energies.recent)
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
        score(
            scores,
            boundary: positive(threshold),
            tailProbability: calibration.tail.probability(scores.fused)
        )
    }

    /// The score, by s(A_on).
    static func score(
        _ scores: StandardScores,
        boundary: Double,
        tailProbability: Double
    ) -> Score {
        Score(
            value: positive(scores.fused) / boundary,
            novelty: positive(scores.novelty) / boundary,
            tailProbability: tailProbability
        )
    }

    /// ln(1 + e^a), for any a.
    static func positive(_ a: Double) -> Double {
        max(a, 0) + log1p(exp(-abs(a)))
    }
}

extension AnomalyScorer {
    static func save(_ channels: Numbers<Channel>, to writer: inout StateWriter) {
        writer.write(channels.indices.map { channels[$0].energy.trained })
        writer.write(channels.indices.map { channels[$0].energy.recent })
        writer.write(channels.indices.map { channels[$0].energy.power })
    }

    static func restore(
        _ channels: Numbers<Channel>,
        from reader: inout StateReader
    ) throws(StateError) {
        let trained = try reader.readAmounts(count: channels.count)
        let recent = try reader.readAmounts(count: channels.count)
        let powers = try reader.readAmounts(count: channels.count)
        for c in channels.indices {
            channels[c] = Channel()
            channels[c].energy = ChannelEnergy(
                trained: trained[c],
                recent: recent[c],
                power: powers[c]
            )
        }
    }
}

extension Calibration {
    /// What is usual of each channel's residual, `[channels]`.
    var usualChannels: [AnomalyScorer.Usual] {
        zip(isScored, residual.rms).map { AnomalyScorer.Usual(isScored: $0, rms: $1) }
    }
}
