public import TocsinCore
public import TocsinNN

/// A detector without a recurrent network, so that it can be seen what the network is worth.
///
/// Only what is expected of a frame is a baseline's own: scaler, residual chain, level chain, threshold
/// rule and alert policy are the model's, calibrated on the same frames. Like the network, it is given
/// features within ± ``Scaler/inputLimit`` and judged on features within ± ``Scaler/residualLimit``.
public struct Baseline: Sendable {
    /// Where the expected frame comes from.
    ///
    /// Windows and lags get shorter where there are so many channels that they would hold more than 400
    /// values.
    public enum Kind: String, Sendable, CaseIterable {
        /// Nothing changes: f(t) = x(t − 1).
        case lastValue = "last value"
        /// Always the same: f(t) = mean of the fit part.
        case mean = "distance from mean"
        /// A slow mean, f(t) = f(t − 1) + 0.05 (x(t − 1) − f(t − 1)) from the mean of the fit part on;
        /// what is left is divided by its usual size, as in a z-score.
        case movingAverage = "EWMA z"
        /// What the leading principal components make of x(t).
        case components = "PCA"
        /// What the leading principal components of the last 10 frames make of x(t).
        case windowComponents = "window PCA"
        /// A vector autoregression of order 8 by ridge regression.
        case autoregression = "VAR(8)"
        /// The newest frame of the nearest of 32 typical windows of 10 frames.
        case clusters = "k-means"
        /// The model's own network from a zero state at every frame: what it knows without a past. It
        /// is no rival of the network, but a part of it.
        case noMemory = "no memory"
    }

    /// The kinds that know nothing of the network: all but ``Kind/noMemory``.
    public static let rivals = Kind.allCases.filter { $0 != .noMemory }

    /// Frames in a window, of 400 values at most.
    static func windowLength(channels: Int) -> Int { max(1, min(10, 400 / max(channels, 1))) }
    /// Frames that a vector autoregression looks back on.
    static func lags(channels: Int) -> Int { max(1, min(8, 400 / max(channels, 1))) }

    /// Where the expected frame comes from.
    public let kind: Kind
    /// Mean of each channel's features over the fit part, `[channels]`.
    public let mean: [Float]
    let form: Form

    /// What was fitted.
    enum Form: Sendable {
        case lastValue
        case mean
        case movingAverage
        /// From the window before a frame to the frame.
        case forecast(AffineMap, length: Int)
        /// From the window that a frame is the newest of to the frame.
        case reconstruction(AffineMap, length: Int)
        case clusters(WindowClusters, length: Int)
        case network(Autoencoder)
    }

    /// Fits a baseline.
    ///
    /// - Parameters:
    ///   - sequences: healthy frames, in each channel's unit
    ///   - autoencoder: whose memory ``Kind/noMemory`` takes away
    ///   - seed: what ``Kind/clusters`` draws from
    public init(
        _ kind: Kind,
        fitting sequences: [FrameSequence],
        scaler: Scaler,
        autoencoder: Autoencoder,
        seed: UInt64
    ) {
        self.kind = kind
        let channels = scaler.offset.count
        let features = sequences.map { $0.inputs(scaler) }
        let mean = Self.mean(features, channels: channels)
        self.mean = mean
        func products(_ length: Int) -> WindowProducts {
            var products = WindowProducts(channels: channels, length: length)
            for frames in features { products.add(Self.centred(frames, mean).map(Double.init)) }
            return products
        }
        switch kind {
        case .lastValue: form = .lastValue
        case .mean: form = .mean
        case .movingAverage: form = .movingAverage
        case .components:
            form = .reconstruction(
                AffineMap(reconstructing: products(1), mean: mean),
                length: 1
            )
        case .windowComponents:
            let length = Self.windowLength(channels: channels)
            form = .reconstruction(
                AffineMap(reconstructing: products(length), mean: mean),
                length: length
            )
        case .autoregression:
            let lags = Self.lags(channels: channels)
            form = .forecast(AffineMap(regressing: products(lags + 1), mean: mean), length: lags)
        case .clusters:
            let length = Self.windowLength(channels: channels)
            let windows = Self.windows(features.map { Self.centred($0, mean) }, channels, length)
            form =
                windows.isEmpty
                ? .mean
                : .clusters(
                    WindowClusters(windows, count: min(32, windows.count), seed: seed),
                    length: length
                )
        case .noMemory: form = .network(autoencoder)
        }
    }

    private static func mean(_ features: [[Float]], channels: Int) -> [Float] {
        var sums: [Double] = Array(repeating: 0, count: channels)
        var counts = sums
        for frames in features {
            for i in frames.indices where !frames[i].isNaN {
                sums[i % channels] += Double(frames[i])
                counts[i % channels] += 1
            }
        }
        return zip(sums, counts).map { Float($0 / max($1, 1)) }
    }

    /// Less the mean; what is missing is at it, `[frames, channels]`.
    private static func centred(_ frames: [Float], _ mean: [Float]) -> [Float] {
        var frames = frames
        for i in frames.indices {
            frames[i] = frames[i].isNaN ? 0 : frames[i] - mean[i % mean.count]
        }
        return frames
    }

    /// At most 2000 windows, evenly spaced over the recordings, `[windows][length × channels]`.
    private static func windows(
        _ recordings: [[Float]],
        _ channels: Int,
        _ length: Int
    ) -> [[Float]] {
        let size = length * channels
        let total = recordings.reduce(0) { $0 + max($1.count - size + channels, 0) / channels }
        let step = max(1, (total + 1999) / 2000)
        return recordings.flatMap { frames in
            stride(from: 0, through: frames.count - size, by: step * channels).map { start in
                Array(frames[start..<start + size])
            }
        }
    }
}

extension FrameSequence {
    /// The frames as a baseline is given them, NaN for what is missing, `[frames, channels]`.
    func inputs(_ scaler: Scaler) -> [Float] {
        var features: [Float] = Array(repeating: 0, count: channels)
        var inputs: [Float] = []
        inputs.reserveCapacity(values.count)
        for t in 0..<count {
            scaler.transform(Array(values[t * channels..<(t + 1) * channels]), into: &features)
            for feature in features {
                inputs.append(feature.isNaN ? feature : feature.clipped(to: Scaler.inputLimit))
            }
        }
        return inputs
    }
}
