public import TocsinCore

/// How a scaler is fitted.
public enum ScalerMethod: String, Sendable, CaseIterable, Codable {
    /// Mean and standard deviation.
    case standard
    /// Middle and half of the range, so that training data lie within ± 1.
    case minmax
    /// Median and the interquartile range over 1.349, which for normal data is the standard
    /// deviation.
    case robust
    /// As measured.
    case none
}

extension Scaler {
    /// A scaler fitted on healthy frames.
    ///
    /// The spread of a channel never falls below 0.1 % of its mean and 2 % of its range, so that a
    /// channel that hardly moved in training does not blow up afterwards; one that did not move at
    /// all gets 10 % of its value. Source: `design/detection.md`, section 2.
    public init(fitting sequences: [FrameSequence], channels: Int, method: ScalerMethod) {
        var offset: [Double] = []
        var gain: [Double] = []
        for c in 0..<channels {
            var values: [Double] = []
            for sequence in sequences {
                for t in 0..<sequence.count where !sequence.value(t, c).isNaN {
                    values.append(sequence.value(t, c))
                }
            }
            let (middle, spread) = Self.fit(values, method)
            offset.append(middle)
            gain.append(1 / spread)
        }
        self.init(offset: offset, gain: gain)
    }

    private static func fit(_ values: [Double], _ method: ScalerMethod) -> (Double, Double) {
        guard method != .none, let least = values.min(), let largest = values.max() else {
            return (0, 1)
        }
        let count = Double(values.count)
        let mean = values.reduce(0, +) / count
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
        let deviation = variance.squareRoot()
        if deviation < 1e-6 { return (mean, max(0.1 * abs(mean), 0.1)) }
        let floor = max(1e-3 * abs(mean) + 1e-6, 0.02 * (largest - least))
        switch method {
        case .standard:
            return (mean, max(deviation, floor))
        case .minmax:
            return ((least + largest) / 2, max((largest - least) / 2, floor))
        case .robust:
            let sorted = values.sorted()
            let range = sorted.quantile(0.75) - sorted.quantile(0.25)
            return (sorted.quantile(0.5), max(range / 1.349, floor))
        case .none:
            return (0, 1)
        }
    }
}

extension [Double] {
    /// The quantile of a sorted list that is not empty, with linear interpolation (Hyndman and Fan
    /// 1996, type 7).
    func quantile(_ probability: Double) -> Double {
        let place = Double(count - 1) * probability
        let lower = Int(place)
        let upper = Swift.min(lower + 1, count - 1)
        return self[lower] + (place - Double(lower)) * (self[upper] - self[lower])
    }
}
