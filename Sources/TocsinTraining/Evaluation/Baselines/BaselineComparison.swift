public import TocsinCore

/// Whether a network earns its place: how well it finds made-up faults in held-back later data, beside
/// the baselines on the very same ones.
///
/// The calibration part, on which nothing was fitted, is divided once more. Its first half says what is
/// usual, for the network anew as for each baseline, and the faults are written into its second half,
/// the last tenth of all; so nobody is judged on frames that made his threshold. What is compared is the
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

    /// What two average precisions may differ by and still count as equal: two seeds of one network do.
    static let margin = 0.02
    /// Bounds on what is fitted, calibrated and judged, so that the answer takes about a second.
    static let faults = 40
    static let fittedProducts = 300_000_000
    static let calibratedFrames = 2000
    static let channels = 128

    init(faults: Int, network: Double, baselines: [Double]) {
        self.faults = faults
        self.network = network
        self.baselines = baselines
    }

    /// Compares; `nil` if the calibration part is too short, or there are too many channels for the
    /// baselines to be fitted at once.
    ///
    /// - Parameter dataset: what the model was trained on
    public init?(_ model: Model, _ dataset: Dataset) {
        let count = model.channels.count
        guard count <= Self.channels else { return nil }
        let earlier = dataset.calibration.map { $0.slice(0..<$0.count / 2) }
            .newest(Self.calibratedFrames)
        let later = dataset.calibration.map { $0.slice($0.count / 2..<$0.count) }
        let trials = FaultTrial.drawn(
            Self.faults,
            from: later,
            isScored: model.calibration.isScored,
            scaler: model.scaler,
            warmUp: model.warmUp,
            seed: model.provenance.seed
        )
        guard !trials.isEmpty else { return nil }
        let window = Baseline.windowLength(channels: count) * count
        let fit = dataset.fit.newest(Self.fittedProducts / (count * window))
        let isLabelled = trials.flatMap { $0.isLabelled(channels: count) }
        do {
            let anew = try model.calibrated(on: earlier)
            network = Self.precision(
                trials.flatMap { anew.scores(of: $0.values)[$0.lead...] },
                isLabelled
            )
            baselines = try Baseline.rivals.map { kind throws(DatasetError) in
                let detector = try BaselineDetector(
                    kind,
                    beside: model,
                    fitting: fit,
                    calibratingOn: earlier
                )
                return Self.precision(
                    trials.flatMap { detector.scores(of: $0.values)[$0.lead...] },
                    isLabelled
                )
            }
        } catch {
            // Too short to calibrate on.
            return nil
        }
        faults = trials.count
    }

    /// One sentence: both figures, and what follows from them.
    public var sentence: String {
        let ranking = zip(Baseline.rivals, baselines).max { $0.1 < $1.1 }
        guard let (best, precision) = ranking else { return "" }
        let verdict =
            if network > precision + Self.margin {
                "the network earns its place"
            } else if network >= precision - Self.margin {
                "\(best.rawValue) does as well at a fraction of the cost"
            } else {
                "\(best.rawValue) does better at a fraction of the cost"
            }
        return "beside \(baselines.count) baselines on \(faults) injected faults in the last tenth: "
            + "network \(Self.places(network)), best baseline \(best.rawValue) "
            + "\(Self.places(precision)) (average precision): \(verdict)"
    }

    private static func precision(_ scores: [Double], _ isLabelled: [Bool]) -> Double {
        AveragePrecision.value(scores: scores, isLabelled: isLabelled) ?? 0
    }

    private static func places(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        return "\(hundredths / 100).\(hundredths / 10 % 10)\(hundredths % 10)"
    }
}

extension FaultTrial {
    /// Which of the judged frames are faulty.
    fileprivate func isLabelled(channels: Int) -> [Bool] {
        let frames = values.count / channels
        return (lead..<frames).map { $0 >= frames - FaultTrial.faultyFrames }
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
