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
    public var hiddenWhitening: [Float] = [] {
        didSet { whitening = TriangularTiles(rows: hiddenWhitening, size: hiddenMean.count) }
    }
    /// ``hiddenWhitening``, as it is multiplied by.
    private(set) var whitening = TriangularTiles(rows: [], size: 0)
    /// How far each channel's surprise strays.
    public var channels: ChannelStray.Reference
    /// How the hidden state moves.
    public var pace: StatePace.Reference
    /// How many frames pass between two false alerts, as far as the training data tell; 0 if unknown.
    public var framesPerFalseAlert = 0.0
    /// How many stretches of the training data count as independent of each other for drift.
    public var independentStretches = 0.0

    /// A reference.
    public init(
        quantities: [PopulationStability.Reference],
        hiddenMean: [Float],
        hiddenWhitening: [Float],
        channels: ChannelStray.Reference,
        pace: StatePace.Reference
    ) {
        self.quantities = quantities
        self.hiddenMean = hiddenMean
        self.hiddenWhitening = hiddenWhitening
        whitening = TriangularTiles(rows: hiddenWhitening, size: hiddenMean.count)
        self.channels = channels
        self.pace = pace
    }

    /// Nothing is watched: for a baseline, which has no state to judge by.
    public static let none = DriftReference(
        quantities: [],
        hiddenMean: [],
        hiddenWhitening: [],
        channels: ChannelStray.Reference(
            limit: [],
            usual: [],
            stray: [],
            burst: 0,
            threshold: 1
        ),
        pace: StatePace.Reference(weights: [], limits: [], offset: 0, threshold: 1)
    )

    private enum CodingKeys: String, CodingKey {
        case quantities, channels, pace
        case framesPerFalseAlert = "frames_per_false_alert"
        case independentStretches = "independent_stretches"
    }
}

/// Watches a device for lasting change: in the residual's energy, and in the norm, the place and the
/// speed of the live hidden state.
///
/// The residual is watched by the size of its energy and by the number of channels that have strayed,
/// the speed by the length of the state's step and by its pace; the larger ratio counts.
///
/// Source: `design/detection.md`, section 5; for ``ChannelStray`` and ``StatePace``,
/// <doc:WatchingForDrift>.
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
    /// Each channel's surprise over the last frames.
    public private(set) var channels: ChannelStray
    private var pace: StatePace
    /// The pace of the frame last taken in.
    private var lastPace = 0.0

    /// A detector that has seen nothing.
    public init(_ reference: DriftReference) {
        trackers = reference.quantities.map { PopulationStability($0) }
        channels = ChannelStray(reference.channels)
        pace = StatePace(hiddenSize: reference.hiddenMean.count)
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
        let deviations = deviations.span
        for c in deviations.indices where !deviations[c].isNaN {
            sum += deviations[c] * deviations[c]
            count += 1
        }
        let live = state.span.extracting(hidden)
        var squares = Lanes.zero
        for i in stride(from: 0, to: live.count, by: Lanes.scalarCount) {
            let h = live.lanes(at: i)
            squares += h * h
        }
        let norm = Double(squares.sum())
        let place = reference.whitening.squaredLength(of: live, from: reference.hiddenMean.span)
        let speed: Double
        (speed, lastPace) = pace.update(state: state, hidden: hidden, reference: reference.pace)
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
        let index = channels.update(deviations, reference: reference.channels)
        let residual = DriftCause.residual.rawValue
        let speed = DriftCause.speed.rawValue
        drift.ratios[residual] = max(drift.ratios[residual], index / reference.channels.threshold)
        drift.ratios[speed] = max(drift.ratios[speed], lastPace / reference.pace.threshold)
        return drift
    }

    /// Forgets where the hidden state was, after a reset.
    mutating func forgetStep() { pace.forgetStates() }
}

extension DriftDetector {
    func save(to writer: inout StateWriter) {
        for tracker in trackers { writer.write(tracker.shares) }
        channels.save(to: &writer)
        pace.save(to: &writer)
    }

    mutating func restore(from reader: inout StateReader) throws(StateError) {
        for i in trackers.indices {
            trackers[i].restore(try reader.readAmounts(count: trackers[i].shares.count))
        }
        try channels.restore(from: &reader)
        try pace.restore(from: &reader)
    }
}

extension DriftDetector {
    /// How far each channel has moved, for an alert to name them, `[channels]`; ≥ 0.
    func movements(_ reference: DriftReference) -> [Double] {
        channels.means.indices.map { max(channels.stray(of: $0, reference.channels), 0) }
    }
}
