/// How far the recent distribution of a quantity is from its usual one.
///
///     w_k ← w_k + (1[bin = k] − w_k)/200,  from w_k = p_k
///     PSI = Σ (w_k − p_k) ln(w_k / p_k),   shares floored at 10⁻⁴
///
/// Ten bins of equal mass on the calibration part; with rate 1/200 a change shows after some
/// hundreds of frames. Source: the population stability index of credit scoring (Siddiqi 2006), in
/// the running form of `design/detection.md`, section 5.
public struct PopulationStability: Sendable, Equatable {
    /// The usual distribution of a quantity, and how far samples of it stray.
    public struct Reference: Sendable, Equatable, Codable {
        /// The borders between the bins, rising, `[bins − 1]`.
        public var edges: [Double]
        /// The bins' shares on the calibration part, `[bins]`.
        public var shares: [Double]
        /// The index from which on it is drift.
        public var threshold: Double

        /// A reference.
        public init(edges: [Double], shares: [Double], threshold: Double) {
            self.edges = edges
            self.shares = shares
            self.threshold = threshold
        }

        /// The bin that `value` falls into.
        func bin(_ value: Double) -> Int {
            var bin = 0
            while bin < edges.count, value > edges[bin] { bin += 1 }
            return bin
        }
    }

    /// One over the number of frames that are remembered.
    public static let rate = 1.0 / 200

    private(set) var shares: [Double]

    /// A tracker that agrees with its reference.
    public init(_ reference: Reference) {
        shares = reference.shares
    }

    /// Takes in one value and returns the index; does not allocate.
    public mutating func update(_ value: Double, reference: Reference) -> Double {
        let bin = reference.bin(value)
        let usual = reference.shares.span
        var recent = shares.mutableSpan
        precondition(recent.count == usual.count)
        var index = SIMD2<Double>.zero
        for k in recent.indices {
            recent[k] += Self.rate * ((k == bin ? 1 : 0) - recent[k])
        }
        for k in stride(from: 0, to: recent.count, by: 2) {
            // The second of the last two may be missing: it then agrees, and adds nothing.
            let hasSecond = k + 1 < recent.count
            let w = Self.floored(recent[k], hasSecond ? recent[k + 1] : 1)
            let p = Self.floored(usual[k], hasSecond ? usual[k + 1] : 1)
            index += (w - p) * logarithm(w / p)
        }
        return index.sum()
    }

    private static func floored(_ a: Double, _ b: Double) -> SIMD2<Double> {
        SIMD2(max(a, 1e-4), max(b, 1e-4))
    }

    mutating func restore(_ saved: [Double]) {
        precondition(saved.count == shares.count)
        shares = saved
    }
}
