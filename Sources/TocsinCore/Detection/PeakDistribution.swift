import Glibc

/// How often a healthy device's novelty peaks, and how high: what a budget of false alerts is kept by.
///
/// Frames in a row are not independent, so peaks are counted and not frames: a peak is a stretch at or
/// above a level u, and stretches that are about ``joinedWithin`` frames apart at most are one. Peaks
/// arrive as a Poisson process whose rate is known as a gamma distribution with `arrivals` and `frames`;
/// their excess over u is exponential with a scale that is known as a gamma distribution with `weight`
/// and `excess`. So for a peak that is still to come
///
///     P(excess > x) = (1 + x/excess)^−weight          (Lomax)
///     rate(a) = arrivals / frames · (1 + (a − u)/excess)^−weight
///
/// which is heavier than an exponential tail by as much as few peaks leave open: a calibration that
/// saw two peaks gives a threshold far out, and comes nearer as the device lives.
///
/// Source: peaks over threshold (Leadbetter 1991, "On a basis for 'peaks over threshold' modeling"), with
/// the conjugate priors of Gelman et al., Bayesian Data Analysis, section 2.6.
public struct PeakDistribution: BitwiseCopyable, Sendable, Equatable, Codable {
    /// u, in spreads of the log energy.
    public var level: Double
    /// Peaks over u, as many as the confidence asks for.
    public var arrivals: Double
    /// Frames in which they came.
    public var frames: Double
    /// Sum of the peaks' excesses over u, in spreads, with those of the prior.
    public var excess: Double
    /// Peaks behind `excess`, with those of the prior.
    public var weight: Double

    /// Frames from one stretch above u to the next, up to which they are one peak.
    public static let joinedWithin = 20
    /// Frames that the rate remembers.
    static let longestMemory = 10_000.0
    /// Peaks that the scale remembers.
    static let mostPeaks = 60.0
    /// No threshold lies lower, whatever the budget.
    static let lowestThreshold = 1.5
    /// No threshold lies higher, for nothing would ring at all.
    static let highestThreshold = 20.0

    /// A distribution.
    public init(level: Double, arrivals: Double, frames: Double, excess: Double, weight: Double) {
        self.level = level
        self.arrivals = arrivals
        self.frames = frames
        self.excess = excess
        self.weight = weight
    }

    /// Peaks at or above `a` to expect, per frame.
    public func rate(above a: Double) -> Double {
        arrivals / frames * pow(1 + max(a - level, 0) / excess, -weight)
    }

    /// The A_on at which `rate` peaks per frame are to be expected, in spreads.
    public func threshold(rate: Double) -> Double {
        let ratio = max(arrivals / frames / rate, 1e-9)
        let a = level + excess * (pow(ratio, 1 / weight) - 1)
        return min(max(a, Self.lowestThreshold), Self.highestThreshold)
    }

    /// Takes in a frame without an alert.
    mutating func addFrame() {
        frames += 1
        guard frames > Self.longestMemory else { return }
        arrivals *= Self.longestMemory / frames
        frames = Self.longestMemory
    }

    /// Takes in a peak that was no alert, by its height.
    mutating func addPeak(_ height: Double) {
        arrivals += 1
        excess += max(height - level, 0)
        weight += 1
        guard weight > Self.mostPeaks else { return }
        excess *= Self.mostPeaks / weight
        weight = Self.mostPeaks
    }
}
