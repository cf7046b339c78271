internal import CTocsinKernels

/// How far the recent distribution of a quantity is from its usual one.
///
///     w_k ← w_k + (1[bin = k] − w_k)/200,  from w_k = p_k
///     PSI = Σ (w_k − p_k) ln(w_k / p_k),   shares floored at 10⁻⁴
///
/// Ten bins of equal mass (sixteen at most) on the calibration part; with rate 1/200 a change shows after some
/// hundreds of frames. Source: the population stability index of credit scoring (Siddiqi 2006), in
/// the running form of `design/detection.md`, section 5.
public struct PopulationStability: BitwiseCopyable, Sendable {
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
    }

    /// A ``Reference`` as it is computed with.
    public struct Usual: BitwiseCopyable, Sendable {
        // As in `tocsin_usual_shares`, to which it is lent.
        private var edges = InlineArray<16, Double>(repeating: .infinity)
        private var shares = InlineArray<16, Float>(repeating: 0)
        private var inverse = InlineArray<16, Float>(repeating: 0)

        /// A reference of at most ``PopulationStability/most`` bins.
        public init(_ reference: Reference) {
            precondition(reference.shares.count <= PopulationStability.most)
            precondition(reference.edges.count < max(reference.shares.count, 1))
            for k in reference.edges.indices { edges[k] = reference.edges[k] }
            for k in 0..<PopulationStability.most {
                let share = k < reference.shares.count ? reference.shares[k] : 0
                shares[k] = Float(max(share, PopulationStability.least))
                inverse[k] = 1 / shares[k]
            }
        }
    }

    /// One over the number of frames that are remembered.
    public static let rate = 1.0 / 200
    /// The most bins.
    public static let most = 16
    /// Shares count as at least this.
    static let least = 1e-4

    /// The recent shares, and 0 beyond the last bin.
    private var shares = InlineArray<16, Float>(repeating: 0)

    /// A tracker that agrees with its reference.
    public init(_ reference: Reference) {
        for k in reference.shares.indices { shares[k] = Float(reference.shares[k]) }
    }

    /// Takes in one value and returns the index; does not allocate.
    public mutating func update(_ value: Double, usual: Usual) -> Double {
        var (usual, value, index) = (usual, value, 0.0)
        unsafe withUnsafeMutablePointer(to: &self) { tracker in
            unsafe withUnsafeMutablePointer(to: &usual) { usual in
                unsafe withUnsafeMutablePointer(to: &value) { value in
                    unsafe withUnsafeMutablePointer(to: &index) { index in
                        Self.update(
                            unsafe Numbers(tracker, count: 1),
                            unsafe Numbers(value, count: 1),
                            unsafe Numbers(usual, count: 1),
                            unsafe Numbers(index, count: 1)
                        )
                    }
                }
            }
        }
        return index
    }

    /// Takes in one value of each of several quantities; does not allocate.
    ///
    /// - Parameters:
    ///   - values: NaN for a quantity without one
    ///   - indices: overwritten; 0 for a quantity without a value
    static func update(
        _ trackers: Numbers<PopulationStability>,
        _ values: Numbers<Double>,
        _ usual: Numbers<Usual>,
        _ indices: Numbers<Double>
    ) {
        let count = trackers.count
        precondition(values.count == count && usual.count == count && indices.count == count)
        // A tracker is sixteen numbers, a reference laid out as in C.
        let shares = unsafe UnsafeMutableRawPointer(trackers.start)
        let reference = unsafe UnsafeRawPointer(usual.start)
        unsafe tocsin_stability_indices(
            shares.assumingMemoryBound(to: Float.self),
            reference.assumingMemoryBound(to: tocsin_usual_shares.self),
            values.start,
            indices.start,
            count,
            Float(rate)
        )
    }

    func save(to writer: inout StateWriter) {
        writer.write((0..<Self.most).map { shares[$0] })
    }

    mutating func restore(from reader: inout StateReader) throws(StateError) {
        let saved = try reader.readFloats(count: Self.most)
        guard saved.allSatisfy({ (0...1.01).contains($0) }) else { throw .inconsistent }
        for k in saved.indices { shares[k] = saved[k] }
    }
}
