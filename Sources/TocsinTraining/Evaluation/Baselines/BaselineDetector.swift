public import TocsinCore

/// Judges one device by what a baseline expects, as a ``DeviceMonitor`` does by the network's.
///
/// The same frames, the same warm-up, the same chain and the same alert policy; no drift and no faults.
public struct BaselineDetector: Sendable {
    private let baseline: Baseline
    private let scaler: Scaler
    private let calibration: Calibration
    private let warmUp: Int
    private var state: BaselineState
    private var scorer: AnomalyScorer
    private var condition = AlertCondition()
    private var framesSinceReset = 0
    private var features: [Float]

    /// A detector beside a model, fitted and calibrated as the model was.
    ///
    /// - Parameters:
    ///   - model: whose scaler, scored channels and warm-up it shares
    ///   - dataset: what the model was trained on
    public init(
        _ kind: Baseline.Kind,
        beside model: Model,
        fitting dataset: Dataset
    ) throws(DatasetError) {
        try self.init(
            kind,
            beside: model,
            fitting: dataset.fit,
            calibratingOn: dataset.calibration
        )
    }

    /// A detector beside a model, fitted and calibrated on given frames.
    init(
        _ kind: Baseline.Kind,
        beside model: Model,
        fitting fit: [FrameSequence],
        calibratingOn later: [FrameSequence]
    ) throws(DatasetError) {
        let baseline = Baseline(
            kind,
            fitting: fit,
            scaler: model.scaler,
            autoencoder: model.autoencoder,
            seed: model.provenance.seed
        )
        let calibrator = try Calibrator(
            streaming: later,
            baseline: baseline,
            scaler: model.scaler,
            warmUp: model.warmUp
        )
        self.baseline = baseline
        scaler = model.scaler
        calibration = calibrator.scoring(
            isScored: model.calibration.isScored,
            faults: model.calibration.faults
        )
        warmUp = model.warmUp
        state = BaselineState(baseline)
        scorer = AnomalyScorer(channels: model.channels.count)
        features = Array(repeating: 0, count: model.channels.count)
    }

    /// How many values a frame has.
    var channels: Int { features.count }

    /// Judges a frame.
    ///
    /// - Parameters:
    ///   - values: in each channel's unit, NaN if missing, `[channels]`
    ///   - isAfterGap: whether the gap before it reset the device
    public mutating func assess(
        _ values: [Double],
        time: Timestamp,
        isAfterGap: Bool,
        policy: AlertPolicy
    ) -> ScoredFrame {
        if isAfterGap {
            state = BaselineState(baseline)
            scorer = AnomalyScorer(channels: features.count)
            framesSinceReset = 0
        }
        scaler.transform(values, into: &features)
        let expected = state.expect(features)
        framesSinceReset += 1
        var score: AnomalyScorer.Score?
        if framesSinceReset > warmUp / 2, values.contains(where: { !$0.isNaN }) {
            score = scorer.update(
                features: features,
                expected: expected,
                calibration: calibration
            ).map {
                AnomalyScorer.score(
                    AnomalyScorer.standardScores($0, calibration: calibration),
                    threshold: calibration.threshold,
                    calibration: calibration
                )
            }
        }
        if framesSinceReset <= warmUp { score = nil }
        if let score { _ = condition.update(level: score.novelty, time: time, policy: policy) }
        return ScoredFrame(time: time, score: score?.value, isAlarm: condition.isRaised)
    }
}
