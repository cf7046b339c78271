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
        var predicted: [Float]?
        var reconstructed: [Float]? = nil
        /// Whether it is the first one after a zero state that counts.
        var isFirst: Bool
    }

    private let heads: Heads
    private let channels: Int
    private let steps: [Step]
    /// The hidden state after each frame of each sequence, fit part and all.
    private let hidden: [[[Float]]]
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
        heads = autoencoder.blueprint.heads
        channels = scaler.offset.count
        var steps: [Step] = []
        var errors = OneStepErrors()
        var hidden = earlier.map { Self.stream($0, scaler, autoencoder, warmUp) }
        for sequence in sequences {
            var state = autoencoder.zeroState()
            var features: [Float] = Array(repeating: 0, count: channels)
            var before = features
            var states: [[Float]] = []
            for t in 0..<sequence.count {
                let range = t * channels..<(t + 1) * channels
                scaler.transform(Array(sequence.values[range]), into: &features)
                let predicted = heads.contains(.forecast) && t > 0 ? state.forecast : nil
                let inputs = features.map { $0.isNaN ? 0 : $0.clipped(to: Scaler.inputLimit) }
                autoencoder.step(inputs, state: &state)
                if t >= warmUp / 2 {
                    states.append(Array(state.recurrent[autoencoder.hiddenRange]))
                    steps.append(
                        Step(
                            features: features,
                            predicted: predicted,
                            reconstructed: heads.contains(.reconstruct)
                                ? state.reconstruction : nil,
                            isFirst: t == warmUp / 2
                        )
                    )
                    errors.add(features, predicted ?? state.reconstruction, before)
                }
                before = features
            }
            hidden.append(states)
        }
        guard steps.count >= Self.fewestFrames else {
            throw .tooShort(frames: steps.count, needed: Self.fewestFrames)
        }
        self.steps = steps
        self.hidden = hidden
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
        heads = .forecast
        channels = scaler.offset.count
        hidden = []
        var steps: [Step] = []
        var errors = OneStepErrors()
        for sequence in sequences {
            var state = BaselineState(baseline)
            var features: [Float] = Array(repeating: 0, count: channels)
            var before = features
            for t in 0..<sequence.count {
                let range = t * channels..<(t + 1) * channels
                scaler.transform(Array(sequence.values[range]), into: &features)
                let predicted = t > 0 ? state.forecast : nil
                state.step(features)
                if t >= warmUp / 2 {
                    let isFirst = t == warmUp / 2
                    steps.append(Step(features: features, predicted: predicted, isFirst: isFirst))
                    if let predicted { errors.add(features, predicted, before) }
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

    /// The hidden states of a sequence, from a zero state, without the first half of the warm-up.
    private static func stream(
        _ sequence: FrameSequence,
        _ scaler: Scaler,
        _ autoencoder: Autoencoder,
        _ warmUp: Int
    ) -> [[Float]] {
        let segment = sequence.segment(scaler)
        var state = autoencoder.zeroState()
        var states: [[Float]] = []
        for t in 0..<sequence.count {
            let range = t * segment.channels..<(t + 1) * segment.channels
            autoencoder.step(Array(segment.features[range]), state: &state)
            if t >= warmUp / 2 { states.append(Array(state.recurrent[autoencoder.hiddenRange])) }
        }
        return states
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
            hidden: hidden,
            deviations: deviations(calibration)
        ).reference(channels: channels, day: day, seed: seed)
        return calibration
    }

    /// The calibration but for drift, of which a baseline has no state to judge by.
    func scoring(isScored: [Bool], faults: FaultLimits) -> Calibration {
        let unfitted = Calibration.LogNormal(median: 0, mean: 0, spread: 1)
        let levelRMS = levelRMS()
        var calibration = Calibration(
            isScored: isScored,
            forecast: heads.contains(.forecast)
                ? Calibration.Residual(
                    rms: rms(floor: 0.02) { step, c in
                        step.predicted.map { Double(step.features[c] - $0[c]) } ?? .nan
                    },
                    energy: unfitted
                ) : nil,
            reconstruction: heads.contains(.reconstruct)
                ? Calibration.Residual(
                    rms: rms(floor: 0.02) { step, c in
                        step.reconstructed.map { Double(step.features[c] - $0[c]) } ?? .nan
                    },
                    energy: unfitted
                ) : nil,
            level: Calibration.Level(
                rms: levelRMS,
                meanRMS: meanRMS(levelRMS),
                energy: unfitted
            ),
            threshold: Self.threshold,
            tail: Calibration.Tail(quantiles: [0], excess: 1),
            drift: DriftReference(quantities: [], hiddenMean: [], hiddenWhitening: []),
            faults: faults,
            independentStretches: 1
        )

        let energies = energies(calibration)
        calibration.forecast?.energy = logNormal(energies.compactMap(\.forecast))
        calibration.reconstruction?.energy = logNormal(energies.compactMap(\.reconstruction))
        calibration.level.energy = logNormal(energies.compactMap(\.level))

        let fused = fused(calibration)
        let sorted = fused.sorted()
        calibration.threshold = max(Self.threshold, sorted.quantile(0.999))
        calibration.tail = tail(sorted)
        calibration.independentStretches = independentStretches(fused)
        return calibration
    }

    /// A_on, in spreads of the log energy: the prototype's rule (`design/detection.md`, section 4).
    static let threshold = 3.0

    /// Root mean square of each channel's residual.
    private func rms(floor: Double, _ value: (Step, Int) -> Double) -> [Double] {
        (0..<channels).map { c in
            let values = steps.map { value($0, c) }.filter { !$0.isNaN }
            return max(confidentRMS(values), floor)
        }
    }

    /// Root mean square of each channel's features: a mere scale, which needs no confidence.
    private func levelRMS() -> [Double] {
        (0..<channels).map { c in
            let values = steps.map { Double($0.features[c]) }.filter { !$0.isNaN }
            let square = values.reduce(0) { $0 + $1 * $1 } / Double(max(values.count, 1))
            return max(square.squareRoot(), 0.02)
        }
    }

    /// Root mean square of each channel's slow mean.
    private func meanRMS(_ levelRMS: [Double]) -> [Double] {
        (0..<channels).map { c in
            var means: [Double] = []
            var mean = 0.0
            for step in steps {
                if step.isFirst { mean = 0 }
                guard !step.features[c].isNaN else { continue }
                mean += 0.05 * (Double(step.features[c]) / levelRMS[c] - mean)
                means.append(mean)
            }
            return max(confidentRMS(means), 0.05)
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
            energies.append(update(&scorer, step, calibration))
        }
        return energies
    }

    private func fused(_ calibration: Calibration) -> [Double] {
        var fused: [Double] = []
        run(calibration) { scorer, step in
            let energies = update(&scorer, step, calibration)
            if let a = scorer.fuse(energies, calibration: calibration) { fused.append(a) }
        }
        return fused
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
    ) -> AnomalyScorer.Energies {
        scorer.update(
            features: step.features,
            predicted: step.predicted,
            reconstructed: step.reconstructed,
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
