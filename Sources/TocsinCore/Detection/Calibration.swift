import Glibc

/// What healthy behaviour looks like to the detectors, fitted on data that the network was not
/// fitted on.
public struct Calibration: Sendable, Equatable, Codable {
    /// Which channels take part in the score, `[channels]`.
    public var isScored: [Bool]
    /// The residual: of the forecast, or of the reconstruction for a model without that head.
    public var residual: Residual
    /// A_on, in spreads of the log energy: what is published as 1.0 where no budget is set.
    public var threshold: Double
    /// How often the novelty peaks, and how high.
    public var peaks: PeakDistribution
    /// How probable larger scores are.
    public var tail: Tail
    /// The residual's and the hidden state's usual distribution.
    public var drift: DriftReference
    /// What a stuck or absent channel is.
    public var faults: FaultLimits
    /// How many stretches of the calibration part count as independent of each other.
    public var independentStretches: Double

    /// From residuals to standard scores.
    public struct Residual: Sendable, Equatable, Codable {
        /// Root mean square of each channel's residual, at least 0.02, in spreads, `[channels]`.
        public var rms: [Double]
        /// Brings the energy beside training to mean 0 and spread 1.
        public var trained: LogNormal
        /// Brings the energy beside the recent past to mean 0 and spread 1.
        public var recent: LogNormal

        /// A residual's calibration.
        public init(rms: [Double], trained: LogNormal, recent: LogNormal) {
            self.rms = rms
            self.trained = trained
            self.recent = recent
        }
    }

    /// A positive quantity that is normal in its logarithm.
    public struct LogNormal: Sendable, Equatable, Codable, BitwiseCopyable {
        /// Its median, dimensionless.
        public var median: Double
        /// Mean of the logarithm.
        public var mean: Double
        /// Standard deviation of the logarithm, at least 0.1.
        public var spread: Double

        /// A distribution.
        public init(median: Double, mean: Double, spread: Double) {
            self.median = median
            self.mean = mean
            self.spread = spread
        }

        /// `ln(x + 0.001 median + 1e-9)`, what mean and spread are fitted on.
        public func logarithm(_ x: Double) -> Double {
            log(x + added)
        }

        /// What keeps the logarithm finite.
        var added: Double { 0.001 * median + 1e-9 }

        /// How many spreads `x` lies above the mean.
        public func standardScore(_ x: Double) -> Double {
            (logarithm(x) - mean) / spread
        }
    }

    /// The distribution of the fused score on healthy data, with an exponential tail.
    public struct Tail: Sendable, Equatable, Codable {
        /// Quantiles of A at the probabilities k/64, k = 0 … 63, `[64]`, rising.
        public var quantiles: [Double]
        /// Mean excess over the last quantile, at least 0.05.
        public var excess: Double

        /// A tail.
        public init(quantiles: [Double], excess: Double) {
            self.quantiles = quantiles
            self.excess = excess
        }

        /// The probability that a healthy frame has a fused score of at least `a`.
        public func probability(_ a: Double) -> Double {
            let count = Double(quantiles.count)
            guard quantiles.count > 0, a > quantiles[0] else { return 1 }
            let last = quantiles[quantiles.count - 1]
            if a >= last { return exp(-(a - last) / excess) / count }
            // The first quantile above a; the last one is.
            var upper = quantiles.count - 1
            var lower = 0
            while upper - lower > 1 {
                let middle = (lower + upper) / 2
                if quantiles[middle] <= a { lower = middle } else { upper = middle }
            }
            let width = quantiles[upper] - quantiles[upper - 1]
            let share = width > 0 ? (a - quantiles[upper - 1]) / width : 0
            return 1 - (Double(upper - 1) + share) / count
        }
    }

    /// A calibration.
    public init(
        isScored: [Bool],
        residual: Residual,
        threshold: Double,
        peaks: PeakDistribution,
        tail: Tail,
        drift: DriftReference,
        faults: FaultLimits,
        independentStretches: Double
    ) {
        self.isScored = isScored
        self.residual = residual
        self.threshold = threshold
        self.peaks = peaks
        self.tail = tail
        self.drift = drift
        self.faults = faults
        self.independentStretches = independentStretches
    }

    private enum CodingKeys: String, CodingKey {
        case isScored = "is_scored"
        case residual, threshold, peaks, tail, drift, faults
        case independentStretches = "independent_stretches"
    }
}
