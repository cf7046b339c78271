internal import CTocsinKernels

/// Whether the hidden state moves in time as it used to.
///
///     s = Σ_i a_i min(|h_i(t) − h_i(t−1)|, A_i) + b_i min(|h_i(t) − h_i(t−4)|, B_i) − offset
///     pace ← pace + (s − pace)/500
///
/// The weights are those of Fisher's linear discriminant between the training data as they are and
/// the same data run through 1.4 times as fast: by how much a step grows is not told by its length
/// alone, but by which units step, and by how steps add up over four frames.
public struct StatePace: BitwiseCopyable, Sendable, Equatable {
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
    }

    /// One over the number of frames that are remembered.
    public static let rate = 1.0 / 500
    /// How many frames the longer step spans.
    public static let span = 4

    private(set) var pace = 0.0
    /// Frames since there was no state before, up to 4.
    private var known: Int32 = 0
    /// Which of the last four states is written next, which is the oldest.
    private var next: Int32 = 0

    /// A tracker that has seen nothing.
    public init() {}

    /// What of a frame the hidden state gives; NaN for a step that has no state before it.
    struct Motion {
        /// |h|.
        var norm: Double
        /// |h(t) − h(t−1)|.
        var step: Double
    }

    /// Takes in one frame's hidden state; does not allocate.
    ///
    /// - Parameters:
    ///   - hidden: the state, `[hidden]`
    ///   - past: the last four states, one after the other, `[4 × padded]`; the oldest is overwritten
    ///   - usual: what is usual
    mutating func update(
        _ hidden: Numbers<Float>,
        past: Numbers<Float>,
        usual: HiddenUsual.View
    ) -> Motion {
        let padded = unsafe usual.state.pointee.padded
        precondition(past.count == Self.span * padded)
        precondition(unsafe hidden.count == usual.state.pointee.size)
        let (last, next) = places
        let motion = unsafe tocsin_watch_state(
            usual.state,
            hidden.start,
            past.start + last * padded,
            past.start + next * padded
        )
        let step = known > 0 ? Double(motion.step).squareRoot() : .nan
        if known == Self.span, usual.hasPace {
            pace += Self.rate * (Double(motion.pace) - usual.offset - pace)
        }
        self.next = Int32((next + 1) % Self.span)
        known = min(known + 1, Int32(Self.span))
        return Motion(
            norm: Double(motion.norm).squareRoot(),
            step: step
        )
    }

    /// Which of the last four states is the newest, and which is the oldest.
    var places: (last: Int, next: Int) { (Int(next + 3) % Self.span, Int(next) % Self.span) }

    /// Forgets the states, and not the pace, after a reset.
    mutating func forgetStates() { known = 0 }
}

extension StatePace {
    func save(to writer: inout StateWriter) {
        writer.write(pace)
        writer.write(Int64(known))
        writer.write(Int64(next))
    }

    mutating func restore(from reader: inout StateReader) throws(StateError) {
        pace = try reader.readDouble()
        let counts = [try reader.readCount(), try reader.readCount()]
        guard pace.isFinite, counts[0] <= Self.span, counts[1] < Self.span else {
            throw .inconsistent
        }
        known = Int32(counts[0])
        next = Int32(counts[1])
    }
}
