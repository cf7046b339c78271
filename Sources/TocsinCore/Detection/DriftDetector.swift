import Glibc

/// What of a device has changed for good.
public enum DriftCause: Int, Sendable, CaseIterable, Codable {
    /// How well the network foresees it.
    case residual
    /// The size of the hidden state.
    case norm
    /// The place of the hidden state.
    case place
    /// How fast the hidden state moves.
    case speed

    /// As in alerts and status messages.
    public var name: String {
        switch self {
        case .residual: "residual"
        case .norm: "state norm"
        case .place: "state place"
        case .speed: "state speed"
        }
    }
}

/// The usual distributions of residual energy and hidden state.
public struct DriftReference: Sendable, Equatable, Codable {
    /// One reference per ``DriftCause``, in its order, `[4]`.
    public var quantities: [PopulationStability.Reference]
    /// Mean of the hidden state, `[hidden]`; a tensor of its own in the model file.
    public var hiddenMean: [Float] = []
    /// The lower triangle of L⁻¹, row by row, where L Lᵀ is the regularised covariance of the hidden
    /// state, `[hidden × (hidden + 1) / 2]`; a tensor of its own in the model file.
    public var hiddenWhitening: [Float] = []

    /// A reference.
    public init(
        quantities: [PopulationStability.Reference],
        hiddenMean: [Float],
        hiddenWhitening: [Float]
    ) {
        self.quantities = quantities
        self.hiddenMean = hiddenMean
        self.hiddenWhitening = hiddenWhitening
    }

    private enum CodingKeys: String, CodingKey {
        case quantities
    }
}

/// Watches a device for lasting change: in the residual's energy, and in the norm, the place and the
/// speed of the live hidden state.
///
/// Source: `design/detection.md`, section 5.
public struct DriftDetector: Sendable, Equatable {
    /// What drift detection says of one frame.
    public struct Drift: Sendable, Equatable {
        /// The index of each cause over its threshold, 1 is the boundary; in the order of
        /// ``DriftCause``.
        public var ratios: InlineArray<4, Double>
        /// Euclidean norm of the hidden state.
        public var hiddenNorm: Double

        /// The cause with the largest ratio, and that ratio.
        public var largest: (cause: DriftCause, ratio: Double) {
            var best = 0
            for i in 1..<4 where ratios[i] > ratios[best] { best = i }
            return (DriftCause(rawValue: best) ?? .residual, ratios[best])
        }

        public static func == (a: Drift, b: Drift) -> Bool {
            for i in 0..<4 where a.ratios[i] != b.ratios[i] { return false }
            return a.hiddenNorm == b.hiddenNorm
        }
    }

    private var trackers: [PopulationStability]
    /// The hidden state one frame ago; empty if there was none, `[hidden]`.
    private var previous: [Float]
    private var hasPrevious = false
    /// Each channel's mean squared deviation over the memory of the index, `[channels]`.
    public private(set) var deviations: [Double]

    /// A detector that has seen nothing.
    public init(_ reference: DriftReference, channels: Int) {
        trackers = reference.quantities.map { PopulationStability($0) }
        previous = Array(repeating: 0, count: reference.hiddenMean.count)
        deviations = Array(repeating: 1, count: channels)
    }

    /// The four watched quantities of one frame.
    ///
    /// - Parameters:
    ///   - deviations: of the forecast, in usual sizes; NaN where there is none, `[channels]`
    ///   - state: all that the network remembers, `[stateSize]`
    ///   - hidden: where in it the top encoder layer's state stands, `[hidden]`
    ///   - reference: mean and whitening of that state
    /// - Returns: NaN for a quantity that this frame does not give
    public mutating func quantities(
        deviations: [Double],
        state: [Float],
        hidden: Range<Int>,
        reference: DriftReference
    ) -> InlineArray<4, Double> {
        var sum = 0.0
        var count = 0
        for c in deviations.indices where !deviations[c].isNaN {
            let square = deviations[c] * deviations[c]
            sum += square
            count += 1
            self.deviations[c] += PopulationStability.rate * (square - self.deviations[c])
        }
        var norm = 0.0
        var place = 0.0
        var step = 0.0
        var k = 0
        for i in 0..<hidden.count {
            let h = state[hidden.lowerBound + i]
            norm += Double(h) * Double(h)
            var whitened: Float = 0
            for j in 0...i {
                whitened +=
                    reference.hiddenWhitening[k]
                    * (state[hidden.lowerBound + j] - reference.hiddenMean[j])
                k += 1
            }
            place += Double(whitened) * Double(whitened)
            let change = Double(h - previous[i])
            step += change * change
            previous[i] = h
        }
        let speed = hasPrevious ? step.squareRoot() : .nan
        hasPrevious = true
        let energy = count > 0 ? log(0.05 + sum / Double(count)) : .nan
        return [energy, norm.squareRoot(), place.squareRoot(), speed]
    }

    /// Takes in one frame; does not allocate.
    public mutating func update(
        deviations: [Double],
        state: [Float],
        hidden: Range<Int>,
        reference: DriftReference
    ) -> Drift {
        let quantities = quantities(
            deviations: deviations,
            state: state,
            hidden: hidden,
            reference: reference
        )
        var drift = Drift(ratios: [0, 0, 0, 0], hiddenNorm: quantities[DriftCause.norm.rawValue])
        for i in 0..<4 {
            let usual = reference.quantities[i]
            guard !quantities[i].isNaN else { continue }
            drift.ratios[i] = trackers[i].update(quantities[i], reference: usual) / usual.threshold
        }
        return drift
    }

    /// Forgets where the hidden state was, after a reset.
    mutating func forgetStep() { hasPrevious = false }
}

extension DriftDetector {
    func save(to writer: inout StateWriter) {
        for tracker in trackers { writer.write(tracker.shares) }
        writer.write(hasPrevious)
        writer.write(previous)
        writer.write(deviations)
    }

    mutating func restore(from reader: inout StateReader) throws(StateError) {
        for i in trackers.indices {
            trackers[i].restore(try reader.readAmounts(count: trackers[i].shares.count))
        }
        hasPrevious = try reader.readBool()
        previous = try reader.readFloats(count: previous.count)
        guard previous.allSatisfy(\.isFinite) else { throw .inconsistent }
        deviations = try reader.readAmounts(count: deviations.count)
    }
}
