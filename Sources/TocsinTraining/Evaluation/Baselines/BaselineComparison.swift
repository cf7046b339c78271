public import TocsinCore

/// Whether a network earns its place: how well it finds made-up faults in held-back later data, beside
/// the baselines on the very same ones.
///
/// The calibration part, on which nothing was fitted, is divided once more. Its first half says what is
/// usual, for the network anew as for each baseline, and the faults are written into its second half,
/// the last tenth of all; so nobody is judged on the frames that made the threshold. What is compared is the
/// average precision over all judged frames, a quarter of which are faulty.
///
/// Made-up faults are no proof: they say whether the network knows more of this device than simpler
/// models do, and not how often it will be right. `tocsin evaluate` says that, where there are labels.
public struct BaselineComparison: Sendable, Equatable {
    /// How many faults were injected.
    public let faults: Int
    /// The network's average precision, 0 … 1.
    public let network: Double
    /// That of each baseline, 0 … 1, in the order of ``Baseline/rivals``.
    public let baselines: [Double]
    /// By how much the network and the best baseline must differ to be told apart: twice the standard
    /// error of their difference from fault to fault, at least 0.01, which two seeds of one network
    /// differ by.
    public let margin: Double

    /// Bounds on what is judged, calibrated and fitted, so that the answer takes about a second.
    private static let faults = 40
    private static let calibratedValues = 80_000
    private static let fittedProducts = 300_000_000
    private static let channels = 400

    init(faults: Int, network: Double, baselines: [Double], margin: Double) {
        self.faults = faults
        self.network = network
        self.baselines = baselines
        self.margin = margin
    }

    /// Compares; throws if the calibration part is too short, or there are too many channels.
    ///
    /// - Parameter dataset: what the model was trained on
    public init(_ model: Model, _ dataset: Dataset) throws(DatasetError) {
        let count = model.channels.count
        guard count <= Self.channels else {
            throw .unusable("more than \(Self.channels) channels are not compared with baselines")
        }
        let earlier = dataset.calibration.map { $0.slice(0..<$0.count / 2) }
            .newest(min(2000, Self.calibratedValues / count))
        let later = dataset.calibration.map { $0.slice($0.count / 2..<$0.count) }
        let trials = FaultTrial.drawn(
            Self.faults,
            from: later,
            isScored: model.calibration.isScored,
            scaler: model.scaler,
            warmUp: model.warmUp,
            seed: model.provenance.seed
        )
        guard !trials.isEmpty else {
            let frames = later.map(\.count).max() ?? 0
            let needed = FaultTrial.frames(warmUp: model.warmUp)
            throw .unusable(
                "too short to compare with baselines: \(needed) frames without a gap are needed in "
                    + "the last tenth, and there are \(frames)"
            )
        }
        let window = Baseline.windowLength(channels: count) * count
        let fit = dataset.fit.newest(Self.fittedProducts / (count * window))
        let anew = try model.calibrated(on: earlier)
        let own = trials.map { $0.judged(anew.scores(of: $0.values)) }
        let others = try Baseline.rivals.map { kind throws(DatasetError) in
            let detector = try BaselineDetector(
                kind,
                beside: model,
                fitting: fit,
                calibratingOn: earlier
            )
            return trials.map { $0.judged(detector.scores(of: $0.values)) }
        }
        let precisions = others.map { Self.precision($0[...]) }
        let best = precisions.indices.max { precisions[$0] < precisions[$1] } ?? 0
        faults = trials.count
        network = Self.precision(own[...])
        baselines = precisions
        margin = max(2 * Self.standardError(own, others[best]), 0.01)
    }

    /// One sentence: both figures, and what follows from them.
    public var sentence: String {
        let ranking = zip(Baseline.rivals, baselines).max { $0.1 < $1.1 }
        guard let (best, precision) = ranking else { return "" }
        let verdict =
            if network > precision + margin {
                "the network earns its place"
            } else if network >= precision - margin {
                "\(best.rawValue) does as well at a fraction of the cost"
            } else {
                "\(best.rawValue) does better at a fraction of the cost"
            }
        return
            "beside \(baselines.count) baselines on \(faults) injected faults in the last tenth: "
            + "network \(Self.places(network)), best baseline \(best.rawValue) "
            + "\(Self.places(precision)) (average precision): \(verdict)"
    }

    /// The average precision over the frames of some trials together.
    private static func precision(_ trials: ArraySlice<[FaultTrial.JudgedFrame]>) -> Double {
        AveragePrecision.value(
            scores: trials.flatMap { $0.map(\.score) },
            isLabelled: trials.flatMap { $0.map(\.isFaulty) }
        ) ?? 0
    }

    /// The standard error of the difference of two average precisions on the same trials, by leaving
    /// out a tenth of them in turn.
    ///
    /// Source: the grouped jackknife, Tukey 1958; Efron 1982, "The jackknife, the bootstrap and other
    /// resampling plans", section 2.2.
    private static func standardError(
        _ a: [[FaultTrial.JudgedFrame]],
        _ b: [[FaultTrial.JudgedFrame]]
    ) -> Double {
        let groups = min(10, a.count)
        let differences = (0..<groups).map { group in
            let left = group * a.count / groups..<(group + 1) * a.count / groups
            var (a, b) = (a, b)
            a.removeSubrange(left)
            b.removeSubrange(left)
            return precision(a[...]) - precision(b[...])
        }
        let mean = differences.reduce(0, +) / Double(groups)
        let squares = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (squares * Double(groups - 1) / Double(groups)).squareRoot()
    }

    private static func places(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        return "\(hundredths / 100).\(hundredths / 10 % 10)\(hundredths % 10)"
    }
}

extension Model {
    /// The model as if these frames were all that it had been calibrated on; drift is left as it is.
    fileprivate func calibrated(on sequences: [FrameSequence]) throws(DatasetError) -> Model {
        var anew = try Calibrator(
            streaming: sequences,
            after: [],
            scaler: scaler,
            autoencoder: autoencoder,
            warmUp: warmUp
        ).scoring(isScored: calibration.isScored, faults: calibration.faults)
        anew.drift = calibration.drift
        return Model(
            name: name,
            channels: channels,
            scaler: scaler,
            autoencoder: autoencoder,
            calibration: anew,
            clock: clock,
            warmUp: warmUp,
            longestSequence: longestSequence,
            provenance: provenance,
            validation: validation
        )
    }
}

extension BaselineDetector {
    /// The scores of frames from a fresh state, as ``Model/scores(of:)``; NaN for none.
    fileprivate func scores(of frames: [Double]) -> [Double] {
        var detector = self
        return stride(from: 0, to: frames.count, by: detector.channels).map { start in
            detector.assess(
                Array(frames[start..<start + detector.channels]),
                time: Timestamp(microseconds: 0),
                isAfterGap: start == 0,
                policy: AlertPolicy()
            ).score ?? .nan
        }
    }
}

extension [FrameSequence] {
    /// The newest frames of each device in equal shares, `count` at most.
    fileprivate func newest(_ count: Int) -> [FrameSequence] {
        let devices = Set(map(\.device)).count
        var left: [String: Int] = [:]
        var kept: [FrameSequence] = []
        for sequence in reversed() {
            let allowed = left[sequence.device] ?? count / Swift.max(devices, 1)
            let frames = Swift.min(allowed, sequence.count)
            left[sequence.device] = allowed - frames
            if frames > 0 {
                kept.append(sequence.slice(sequence.count - frames..<sequence.count))
            }
        }
        return kept.reversed()
    }
}
