/// Scores frames: how far a device is from how it used to behave.
///
/// Three chains lead to standard scores, and the largest is the fused score A:
///
///     z_fast   the forecast residual, smoothed over about 5 frames
///     z_recon  the reconstruction residual, likewise
///     z_level  the mean of the inputs over about 20 frames
///     score  = max(A, 0) / A_on
///
/// Source: `design/detection.md`, section 4. What is stored here is one device's part; what is
/// usual stands in the model's ``Calibration``.
public struct AnomalyScorer: Sendable {
    /// The score of one frame.
    public struct Score: Sendable, Equatable {
        /// Dimensionless, ≥ 0; 1 is the boundary.
        public var value: Double
        /// How probable a healthy frame is to score as high, 0 … 1.
        public var tailProbability: Double
    }

    private var forecast: EnergyTracker
    private var reconstruction: EnergyTracker
    private var level: EnergyTracker
    /// The slow mean of the scaled inputs, `[channels]`.
    private var means: [Double]
    /// Which channels take part in this frame, `[channels]`.
    private var isCounted: [Bool]
    /// Deviation of the forecast in units of its usual size, within ± 10; NaN if there is none,
    /// `[channels]`.
    public private(set) var deviations: [Double]
    /// Each channel's share of the score, sums to 1, `[channels]`.
    public private(set) var shares: [Double]

    /// A scorer that has seen nothing.
    public init(channels: Int) {
        forecast = EnergyTracker(channels: channels, rate: 0.2)
        reconstruction = EnergyTracker(channels: channels, rate: 0.2)
        // The level's chain is smoothed in the mean itself, so its energy is taken as it is.
        level = EnergyTracker(channels: channels, rate: 1)
        means = Array(repeating: 0, count: channels)
        isCounted = Array(repeating: false, count: channels)
        deviations = Array(repeating: .nan, count: channels)
        shares = Array(repeating: 0, count: channels)
    }

    /// What the three chains say of one frame, before they are fused.
    public struct Energies: Sendable, Equatable {
        /// Smoothed energy of the forecast residual; `nil` without that head or any channel.
        public var forecast: Double?
        /// Smoothed energy of the reconstruction residual.
        public var reconstruction: Double?
        /// Energy of the slow level.
        public var level: Double?
    }

    /// Takes in one frame.
    ///
    /// Does not allocate.
    ///
    /// - Parameters:
    ///   - features: scaled values, NaN for a masked channel, `[channels]`
    ///   - predicted: the forecast of this frame, made one frame ago, or `nil`, `[channels]`
    ///   - reconstructed: the reconstruction of this frame, or `nil`, `[channels]`
    ///   - calibration: what is usual
    /// - Returns: the energies, which ``score(_:calibration:)`` turns into a score
    public mutating func update(
        features: [Float],
        predicted: [Float]?,
        reconstructed: [Float]?,
        calibration: Calibration
    ) -> Energies {
        for c in features.indices {
            isCounted[c] = !features[c].isNaN && calibration.isScored[c]
            deviations[c] = .nan
        }
        var energies = Energies()
        if let usual = calibration.forecast, let predicted {
            for c in features.indices where isCounted[c] {
                let deviation = Double(features[c] - predicted[c]) / usual.rms[c]
                deviations[c] = min(max(deviation, -10), 10)
                forecast.update(channel: c, deviation: deviation)
            }
            energies.forecast = forecast.mean(where: isCounted)
        }
        if let usual = calibration.reconstruction, let reconstructed {
            for c in features.indices where isCounted[c] {
                let deviation = Double(features[c] - reconstructed[c]) / usual.rms[c]
                if calibration.forecast == nil { deviations[c] = min(max(deviation, -10), 10) }
                reconstruction.update(channel: c, deviation: deviation)
            }
            energies.reconstruction = reconstruction.mean(where: isCounted)
        }
        for c in features.indices where isCounted[c] {
            means[c] += 0.05 * (Double(features[c]) / calibration.level.rms[c] - means[c])
            level.update(channel: c, deviation: means[c] / calibration.level.meanRMS[c])
        }
        energies.level = level.mean(where: isCounted)
        return energies
    }

    /// The score of the frame last taken in, or `nil` if no channel took part in it.
    ///
    /// Does not allocate.
    public mutating func score(_ energies: Energies, calibration: Calibration) -> Score? {
        guard let fused = fuse(energies, calibration: calibration) else { return nil }
        return Score(
            value: max(fused, 0) / calibration.threshold,
            tailProbability: calibration.tail.probability(fused)
        )
    }

    /// A, the largest of the chains' standard scores; settles ``shares`` from the chain that made it.
    public mutating func fuse(_ energies: Energies, calibration: Calibration) -> Double? {
        var fused = -Double.infinity
        if let usual = calibration.forecast, let energy = energies.forecast {
            fused = usual.energy.standardScore(energy)
            share(forecast)
        }
        if let usual = calibration.reconstruction, let energy = energies.reconstruction {
            let z = usual.energy.standardScore(energy)
            if z > fused {
                fused = z
                share(reconstruction)
            }
        }
        if let energy = energies.level {
            let z = calibration.level.energy.standardScore(energy)
            if z > fused {
                fused = z
                share(level)
            }
        }
        return fused.isFinite ? fused : nil
    }

    private mutating func share(_ tracker: EnergyTracker) {
        var sum = 0.0
        for c in shares.indices where isCounted[c] { sum += tracker.energies[c] }
        for c in shares.indices {
            shares[c] = isCounted[c] && sum > 0 ? tracker.energies[c] / sum : 0
        }
    }
}

extension AnomalyScorer {
    func save(to writer: inout StateWriter) {
        writer.write(forecast.energies)
        writer.write(reconstruction.energies)
        writer.write(level.energies)
        writer.write(means)
    }

    mutating func restore(from reader: inout StateReader) throws(StateError) {
        let channels = means.count
        forecast.restore(try reader.readAmounts(count: channels))
        reconstruction.restore(try reader.readAmounts(count: channels))
        level.restore(try reader.readAmounts(count: channels))
        means = try reader.readDoubles(count: channels)
        guard means.allSatisfy(\.isFinite) else { throw .inconsistent }
    }
}
