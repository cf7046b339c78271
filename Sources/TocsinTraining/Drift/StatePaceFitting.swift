import TocsinCore

extension StatePace.Reference {
    /// How often as far as in training the pace must have gone; measured, see
    /// the article `WatchingForDrift`.
    static let margin = 2.0
    /// By how much faster the training data are rehearsed.
    static let factor = 1.4
    /// A share of the mean variance that is added to each: there are fewer independent stretches than
    /// weights.
    private static let ridge = 0.1
    /// The running means that the discriminant is fitted on remember this many frames, and one in
    /// twenty is kept.
    private static let memory = 200.0

    /// Learns what tells the usual course of the hidden state from a faster one.
    ///
    /// - Parameters:
    ///   - streams: hidden states, `[sequences][frames][hidden]`
    ///   - faster: those of the same sequences run through faster
    init(fitting streams: [[[Float]]], faster: [[[Float]]], hiddenSize: Int) {
        self.init(weights: [], limits: [], offset: 0, threshold: 1)
        let usual = streams.map { Self.steps($0) }
        let changed = faster.map { Self.steps($0) }
        let size = 2 * hiddenSize
        guard !usual.joined().isEmpty, !changed.joined().isEmpty else { return }
        limits = (0..<size).map { i in
            Float(usual.joined().map { Double($0[i]) }.sorted().quantile(0.99))
        }

        let mean = means(usual)
        let other = means(changed)
        let shift = zip(other, mean).map { $0 - $1 }
        var covariance = Array(repeating: 0.0, count: size * size)
        add(windows(usual, from: mean), around: mean, to: &covariance)
        add(windows(changed, from: other), around: other, to: &covariance)
        var trace = 0.0
        for i in 0..<size { trace += covariance[i * size + i] }
        let ridge = Self.ridge * trace / Double(size) + 1e-12
        for i in 0..<size { covariance[i * size + i] += ridge }
        let discriminant = Cholesky(covariance, size: size).solve(shift)
        let gain = zip(discriminant, shift).reduce(0) { $0 + $1.0 * $1.1 }
        guard gain > 0, gain.isFinite else {
            limits = []
            return
        }
        // In units of what the faster course would bring.
        weights = discriminant.map { Float($0 / gain) }
        offset = zip(weights, mean).reduce(0) { $0 + Double($1.0) * $1.1 }
        threshold = Self.margin * max(largest(usual), 0.3)
    }

    /// |h(t) − h(t−1)|, then |h(t) − h(t−4)|, `[frames − 4][2 × hidden]`.
    private static func steps(_ states: [[Float]]) -> [[Float]] {
        guard states.count > StatePace.span else { return [] }
        return (StatePace.span..<states.count).map { t in
            zip(states[t], states[t - 1]).map { abs($0 - $1) }
                + zip(states[t], states[t - StatePace.span]).map { abs($0 - $1) }
        }
    }

    private func means(_ streams: [[[Float]]]) -> [Double] {
        var sum = Array(repeating: 0.0, count: limits.count)
        var count = 0.0
        for frame in streams.joined() {
            for i in limits.indices { sum[i] += Double(min(frame[i], limits[i])) }
            count += 1
        }
        return sum.map { $0 / count }
    }

    /// Running means, one in twenty.
    private func windows(_ streams: [[[Float]]], from start: [Double]) -> [[Double]] {
        var windows: [[Double]] = []
        for stream in streams {
            var mean = start
            for (t, frame) in stream.enumerated() {
                for i in mean.indices {
                    mean[i] += (Double(min(frame[i], limits[i])) - mean[i]) / Self.memory
                }
                if t % 20 == 19 { windows.append(mean) }
            }
        }
        return windows
    }

    private func add(
        _ windows: [[Double]],
        around mean: [Double],
        to covariance: inout [Double]
    ) {
        let size = mean.count
        for window in windows {
            for i in 0..<size {
                let share = (window[i] - mean[i]) / Double(windows.count)
                for j in 0...i { covariance[i * size + j] += share * (window[j] - mean[j]) }
            }
        }
    }

    /// The largest pace of the usual course.
    private func largest(_ streams: [[[Float]]]) -> Double {
        var largest = 0.0
        for stream in streams {
            var pace = 0.0
            for frame in stream {
                var sum = 0.0
                for i in limits.indices { sum += Double(weights[i] * min(frame[i], limits[i])) }
                pace += StatePace.rate * (sum - offset - pace)
                largest = max(largest, pace)
            }
        }
        return largest
    }
}
