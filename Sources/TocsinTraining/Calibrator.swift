public import TocsinCore
public import TocsinNN

/// Fits the detectors on healthy frames that the network was not fitted on, by streaming them
/// through it once, as the daemon would.
///
/// Source: `design/detection.md`, sections 4 and 5.
public struct Calibrator {
    /// One frame that has been streamed.
    private struct Step {
        var features: [Float]
        /// What the network expected of them, once it expects anything.
        var expected: [Float]?
        /// Whether it is the first one after a zero state that counts.
        var isFirst: Bool
    }

    private let channels: Int
    private let steps: [Step]
    /// What the network made of each sequence, fit part and all, and of the same run through faster.
    private let streams: [DriftStream]
    private let faster: [DriftStream]
    /// Mean squared one-step error of the network and of the last value, in squared spreads.
    public let validation: Model.Validation

    /// Streams the frames; the first half of `warmUp` is left out, as in the daemon.
    ///
    /// - Parameters:
    ///   - sequences: frames that the network was not fitted on
    ///   - earlier: frames that it was fitted on
    public init(
        streaming sequences: [FrameSequence],
        after earlier: [FrameSequence],
        scaler: Scaler,
        autoencoder: Autoencoder,
        warmUp: Int
    ) throws(DatasetError) {
        let forecasts = autoencoder.blueprint.heads.contains(.forecast)
        channels = scaler.offset.count
        var steps: [Step] = []
        var errors = OneStepErrors()
        func stream(_ sequence: FrameSequence) -> DriftStream {
            DriftStream(sequence, scaler: scaler, autoencoder: autoencoder, warmUp: warmUp)
        }
        streams = (earlier + sequences).map(stream)
        faster = (earlier + sequences).map {
            stream($0.faster(by: StatePace.Reference.factor))
        }
        for sequence in sequences {
            var state = autoencoder.zeroState()
            var features: [Float] = Array(repeating: 0, count: channels)
            var before = features
            for t in 0..<sequence.count {
                let range = t * channels..<(t + 1) * channels
                scaler.transform(Array(sequence.values[range]), into: &features)
                var expected = forecasts && t > 0 ? state.forecast : nil
                let inputs = features.map { $0.isNaN ? 0 : $0.clipped(to: Scaler.inputLimit) }
                autoencoder.step(inputs, state: &state)
                if !forecasts { expected = state.reconstruction }
                if t >= warmUp / 2 {
                    let isFirst = t == warmUp / 2
                    steps.append(Step(features: features, expected: expected, isFirst: isFirst))
                    if let expected { errors.add(features, expected, before) }
                }
                before = features
            }
        }
        guard steps.count >= Self.fewestFrames else {
            throw .tooShort(frames: steps.count, needed: Self.fewestFrames)
        }
        self.steps = steps
        validation = errors.validation(frames: steps.count)
    }

    /// Streams the frames past a baseline instead of a network: the same frames, the same chain.
    ///
    /// - Parameters:
    ///   - sequences: frames that the baseline was not fitted on
    public init(
        streaming sequences: [FrameSequence],
        baseline: Baseline,
        scaler: Scaler,
        warmUp: Int
    ) throws(DatasetError) {
        channels = scaler.offset.count
        streams = []
        faster = []
        var steps: [Step] = []
        var errors = OneStepErrors()
        for sequence in sequences {
            var state = BaselineState(baseline)
            var features: [Float] = Array(repeating: 0, count: channels)
            var before = features
            for t in 0..<sequence.count {
                let range = t * channels..<(t + 1) * channels
                scaler.transform(Array(sequence.values[range]), into: &features)
                let expected = state.expect(features)
                if t >= warmUp / 2 {
                    let isFirst = t == warmUp / 2
                    steps.append(Step(features: features, expected: expected, isFirst: isFirst))
                    errors.add(features, expected, before)
                }
                before = features
            }
        }
        guard steps.count >= Self.fewestFrames else {
            throw .tooShort(frames: steps.count, needed: Self.fewestFrames)
        }
        self.steps = steps
        validation = errors.validation(frames: steps.count)
    }

    /// Below this a calibration says nothing.
    static let fewestFrames = 30

    /// The calibration.
    ///
    /// - Parameters:
    ///   - isScored: which channels take part in the score, `[channels]`
    ///   - day: frames in a day, for the blocks of the bootstrap
    public func calibration(
        isScored: [Bool],
        faults: FaultLimits,
        day: Int,
        seed: UInt64
    ) -> Calibration {
        var calibration = scoring(isScored: isScored, faults: faults)
        calibration.drift = DriftCalibrator(
            hidden: streams.map(\.hidden),
            deviations: deviations(calibration),
            everything: streams.map { $0.deviations(calibration) },
            faster: faster.map(\.hidden)
        ).reference(channels: channels, day: day, seed: seed)
        return calibration
    }

    /// The calibration but for drift, of which a baseline has no state to judge by.
    func scoring(isScored: [Bool], faults: FaultLimits) -> Calibration {
        let unfitted = Calibration.LogNormal(median: 0, mean: 0, spread: 1)
        var calibration = Calibration(
            isScored: isScored,
            residual: Calibration.Residual(rms: rms(), trained: unfitted, recent: unfitted),
            threshold: Self.threshold,
            peaks: PeakDistribution(level: 0, arrivals: 1, frames: 1, excess: 1, weight: 1),
            tail: Calibration.Tail(quantiles: [0], excess: 1),
            drift: .none,
            faults: faults,
            independentStretches: 1
        )
        let energies = energies(calibration)
        calibration.residual.trained = logNormal(energies.map(\.trained))
        calibration.residual.recent = logNormal(energies.map(\.recent))

        let scores = energies.map {
            AnomalyScorer.standardScores($0, calibration: calibration)
        }
        calibration.peaks = PeakDistribution(fitting: scores.map(\.novelty))
        let fused = scores.map(\.fused)
        calibration.tail = tail(fused.sorted())
        calibration.independentStretches = independentStretches(fused)
        return calibration
    }

    /// A_on without a budget, in spreads of the log energy.
    static let threshold = 2.65

    /// Root mean square of each channel's residual.
    private func rms() -> [Double] {
        (0..<channels).map { c in
            let values = steps.compactMap { step in
                step.expected.map { Double(step.features[c] - $0[c]) }
            }
            return max(confidentRMS(values.filter { !$0.isNaN }), 0.02)
        }
    }

    /// Runs the daemon's own scorer over the frames.
    private func run(_ calibration: Calibration, _ body: (inout AnomalyScorer, Step) -> Void) {
        var scorer = AnomalyScorer(channels: channels)
        for step in steps {
            if step.isFirst { scorer = AnomalyScorer(channels: channels) }
            body(&scorer, step)
        }
    }

    private func energies(_ calibration: Calibration) -> [AnomalyScorer.Energies] {
        var energies: [AnomalyScorer.Energies] = []
        run(calibration) { scorer, step in
            if let found = update(&scorer, step, calibration) { energies.append(found) }
        }
        return energies
    }

    private func deviations(_ calibration: Calibration) -> [[Double]] {
        var deviations: [[Double]] = []
        run(calibration) { scorer, step in
            _ = update(&scorer, step, calibration)
            deviations.append(scorer.deviations)
        }
        return deviations
    }

    private func update(
        _ scorer: inout AnomalyScorer,
        _ step: Step,
        _ calibration: Calibration
    ) -> AnomalyScorer.Energies? {
        scorer.update(
            features: step.features,
            expected: step.expected,
            calibration: calibration
        )
    }
}

/// Squared errors of the network and of its simplest rival, summed over all present channels.
private struct OneStepErrors {
    private var network = 0.0
    private var lastValue = 0.0
    private var count = 0.0

    mutating func add(_ features: [Float], _ predicted: [Float], _ before: [Float]) {
        for c in features.indices where !features[c].isNaN && !before[c].isNaN {
            let error = Double(features[c] - predicted[c])
            let change = Double(features[c] - before[c])
            network += error * error
            lastValue += change * change
            count += 1
        }
    }

    func validation(frames: Int) -> Model.Validation {
        Model.Validation(
            modelError: network / max(count, 1),
            lastValueError: lastValue / max(count, 1),
            frames: frames
        )
    }
}
