public import TocsinCore

/// A forecast that costs nothing, so that it can be seen what the network is worth.
///
/// Only the forecast is a baseline's own: scaler, residual chain, level chain, threshold rule and alert
/// policy are the model's, calibrated on the same frames.
public struct Baseline: Sendable, Equatable {
    /// Where the forecast comes from.
    public enum Kind: String, Sendable, CaseIterable {
        /// Nothing changes: f(t + 1) = x(t).
        case lastValue = "last value"
        /// Always the same: f(t + 1) = mean of the fit part.
        case mean = "distance from mean"
        /// A slow mean, f(t + 1) = f(t) + 0.05 (x(t) − f(t)) from the mean of the fit part on; what is
        /// left is divided by its usual size, as in a z-score.
        case movingAverage = "EWMA z"
    }

    /// Where the forecast comes from.
    public let kind: Kind
    /// Mean of each channel's features over the fit part, `[channels]`.
    public let mean: [Float]

    /// Fits a baseline.
    public init(_ kind: Kind, fitting sequences: [FrameSequence], scaler: Scaler) {
        self.kind = kind
        let channels = scaler.offset.count
        var sums: [Double] = Array(repeating: 0, count: channels)
        var counts = sums
        var features: [Float] = Array(repeating: 0, count: channels)
        for sequence in sequences {
            for t in 0..<sequence.count {
                let range = t * channels..<(t + 1) * channels
                scaler.transform(Array(sequence.values[range]), into: &features)
                for c in features.indices where !features[c].isNaN {
                    sums[c] += Double(features[c])
                    counts[c] += 1
                }
            }
        }
        mean = zip(sums, counts).map { Float($0 / max($1, 1)) }
    }
}

/// What a baseline remembers of one device.
struct BaselineState {
    private let kind: Baseline.Kind
    /// What it expects of the next frame, scaled, `[channels]`.
    private(set) var forecast: [Float]

    init(_ baseline: Baseline) {
        kind = baseline.kind
        forecast = baseline.mean
    }

    /// Takes in a frame; a missing channel leaves its forecast as it is.
    mutating func step(_ features: [Float]) {
        for c in features.indices where !features[c].isNaN {
            switch kind {
            case .lastValue: forecast[c] = features[c]
            case .mean: break
            case .movingAverage: forecast[c] += 0.05 * (features[c] - forecast[c])
            }
        }
    }
}
