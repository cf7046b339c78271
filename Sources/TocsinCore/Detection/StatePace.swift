/// Whether the hidden state moves in time as it used to.
///
///     s = Σ_i a_i min(|h_i(t) − h_i(t−1)|, A_i) + b_i min(|h_i(t) − h_i(t−4)|, B_i) − offset
///     pace ← pace + (s − pace)/500
///
/// The weights are those of Fisher's linear discriminant between the training data as they are and
/// the same data run through 1.4 times as fast: by how much a step grows is not told by its length
/// alone, but by which units step, and by how steps add up over four frames.
public struct StatePace: Sendable, Equatable {
    /// What is usual.
    public struct Reference: Sendable, Equatable, Codable {
        /// a, then b, `[2 × hidden]`; empty if nothing could be learned; a tensor of its own in the
        /// model file.
        public var weights: [Float] = []
        /// A, then B, `[2 × hidden]`; a tensor of its own in the model file.
        public var limits: [Float] = []
        /// Mean of the weighted sum while all was well.
        public var offset: Double
        /// The pace from which on it is drift, > 0.
        public var threshold: Double

        /// A reference.
        public init(weights: [Float], limits: [Float], offset: Double, threshold: Double) {
            self.weights = weights
            self.limits = limits
            self.offset = offset
            self.threshold = threshold
        }

        private enum CodingKeys: String, CodingKey {
            case offset, threshold
        }

        /// The weighted sum of one frame.
        ///
        /// - Parameters:
        ///   - state: all that the network remembers, `[stateSize]`
        ///   - hidden: where in it the watched state stands, `[hidden]`
        ///   - past: earlier states, one after the other
        ///   - one: where in `past` the state of one frame ago stands
        ///   - four: where in `past` the state of four frames ago stands
        public func sum(
            _ state: [Float],
            hidden: Range<Int>,
            past: [Float],
            one: Int,
            four: Int
        ) -> Double {
            let size = hidden.count
            let live = state.span.extracting(hidden)
            let before = past.span.extracting(one..<one + size)
            let earlier = past.span.extracting(four..<four + size)
            let a = weights.span.extracting(0..<size)
            let b = weights.span.extracting(size..<2 * size)
            let shortest = limits.span.extracting(0..<size)
            let longest = limits.span.extracting(size..<2 * size)
            var sums = Lanes.zero
            for i in stride(from: 0, to: size, by: Lanes.scalarCount) {
                let h = live.lanes(at: i)
                let short = (h - before.lanes(at: i)).magnitudes
                let long = (h - earlier.lanes(at: i)).magnitudes
                sums += a.lanes(at: i) * short.limited(to: shortest.lanes(at: i))
                sums += b.lanes(at: i) * long.limited(to: longest.lanes(at: i))
            }
            return Double(sums.sum())
        }
    }

    /// One over the number of frames that are remembered.
    public static let rate = 1.0 / 500
    /// How many frames the longer step spans.
    public static let span = 4

    private var pace = 0.0
    /// The last four hidden states; the oldest is overwritten, `[4 × hidden]`.
    private var past: [Float]
    /// Frames since there was no state before, up to 4.
    private var known = 0
    /// Which of the four is written next, which is the oldest.
    private var next = 0

    /// A tracker that has seen nothing.
    public init(hiddenSize: Int) {
        past = Array(repeating: 0, count: Self.span * hiddenSize)
    }

    /// Takes in one frame; does not allocate.
    ///
    /// - Returns: the length of the state's step, NaN if there was no state before, and the pace
    public mutating func update(
        state: [Float],
        hidden: Range<Int>,
        reference: Reference
    ) -> (step: Double, pace: Double) {
        let size = hidden.count
        let last = (next + Self.span - 1) % Self.span
        let live = state.span.extracting(hidden)
        let square = squaredStep(to: live, from: last * size)
        let step = known > 0 ? square.squareRoot() : .nan
        if known == Self.span, !reference.weights.isEmpty {
            let sum = reference.sum(
                state,
                hidden: hidden,
                past: past,
                one: last * size,
                four: next * size
            )
            pace += Self.rate * (sum - reference.offset - pace)
        }
        keep(live, at: next * size)
        next = (next + 1) % Self.span
        known = min(known + 1, Self.span)
        return (step, pace)
    }

    private func squaredStep(to live: Span<Float>, from start: Int) -> Double {
        let before = past.span.extracting(start..<start + live.count)
        var squares = Lanes.zero
        for i in stride(from: 0, to: live.count, by: Lanes.scalarCount) {
            let change = live.lanes(at: i) - before.lanes(at: i)
            squares += change * change
        }
        return Double(squares.sum())
    }

    private mutating func keep(_ live: Span<Float>, at start: Int) {
        var past = past.mutableSpan
        live.copy(into: &past, at: start)
    }

    /// Forgets the states, and not the pace, after a reset.
    mutating func forgetStates() { known = 0 }
}

extension StatePace {
    func save(to writer: inout StateWriter) {
        writer.write(pace)
        writer.write(past)
        writer.write(Int64(known))
        writer.write(Int64(next))
    }

    mutating func restore(from reader: inout StateReader) throws(StateError) {
        pace = try reader.readDouble()
        past = try reader.readFloats(count: past.count)
        known = Int(try reader.readCount())
        next = Int(try reader.readCount())
        guard pace.isFinite, past.allSatisfy(\.isFinite), known <= Self.span, next < Self.span
        else { throw .inconsistent }
    }
}
