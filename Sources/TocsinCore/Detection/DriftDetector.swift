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
public struct DriftDetector: Sendable {
    /// What drift detection says of one frame.
    public struct Drift: BitwiseCopyable, Sendable, Equatable {
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

    private var memory: [DriftWatch.Memory]
    private var trackers: [PopulationStability]
    private var means: [Double]
    private var past: [Float]
    private let usual: DriftUsual
    private let channels: Int

    /// A detector that has seen nothing.
    public init(_ reference: DriftReference) {
        usual = DriftUsual(reference)
        memory = [DriftWatch.Memory()]
        trackers = reference.trackers
        means = reference.channels.usual.padded(with: 0)
        channels = reference.channels.usual.count
        past = Array(
            repeating: 0,
            count: StatePace.span * HiddenUsual.padded(reference.hiddenMean.count)
        )
    }

    /// The four watched quantities of one frame.
    ///
    /// - Parameters:
    ///   - deviations: of the forecast, in usual sizes; NaN where there is none, `[channels]`
    ///   - hidden: the top encoder layer's state, `[hidden]`; `nil` if there is none
    /// - Returns: NaN for a quantity that this frame does not give
    public mutating func quantities(
        deviations: [Double],
        hidden: [Float]?
    ) -> InlineArray<4, Double> {
        run(hidden) { $0.quantities(DriftWatch.Surprise(deviations).logarithm, $1) }
    }

    /// Takes in one frame; see ``quantities(deviations:hidden:)``.
    public mutating func update(deviations: [Double], hidden: [Float]) -> Drift {
        var padded = deviations.padded(with: .nan)
        let surprise = DriftWatch.Surprise(deviations).logarithm
        return padded.withNumbers { padded in
            run(hidden) { $0.update(padded, surprise, $1) }
        }
    }

    /// Forgets where the hidden state was, after a reset.
    mutating func forgetStep() { memory[0].pace.forgetStates() }

    private mutating func run<Result>(
        _ hidden: [Float]?,
        _ body: (DriftWatch, Numbers<Float>?) -> Result
    ) -> Result {
        var state = hidden ?? []
        let (usual, channels) = (usual, channels)
        return memory.withNumbers { memory in
            trackers.withNumbers { trackers in
                means.withFields(channels) { means in
                    past.withNumbers { past in
                        state.withNumbers { state in
                            let watch = DriftWatch(
                                memory: memory,
                                trackers: trackers,
                                means: means,
                                past: past,
                                usual: usual.view
                            )
                            return body(watch, hidden == nil ? nil : state)
                        }
                    }
                }
            }
        }
    }
}
