public import TocsinNN

/// What is remembered about one device.
///
/// All of it is a value: a checkpoint is a copy. "A restart changes nothing" is that the saved bytes
/// are equal; `==` could not say so, since a missing value is NaN.
public struct DeviceMonitor: Sendable {
    /// The device's name.
    public let name: String
    /// What judges it.
    public let model: Model
    /// The number of the stream that it came by.
    public internal(set) var stream: Int

    var assembler: FrameAssembler
    /// The frame that was assessed last.
    public internal(set) var frame: Frame
    var features: [Float]
    var inputs: [Float]
    /// What the model expected of ``frame``, scaled; NaN if nothing, `[channels]`.
    public internal(set) var expected: [Float]
    /// What the network remembers.
    public internal(set) var state: AutoencoderState
    var scorer: AnomalyScorer
    var drift: DriftDetector
    var faults: FaultDetector
    /// The four conditions, in the order of ``AlertKind``.
    public internal(set) var conditions: InlineArray<4, AlertCondition>

    /// Frames since the state was last zero.
    public internal(set) var framesSinceReset: Int64 = 0
    /// Frames assessed.
    public internal(set) var frames: Int64 = 0
    /// How often a gap reset the state.
    public internal(set) var resets: Int64 = 0
    /// When the last sample arrived here.
    public internal(set) var lastArrival: Timestamp
    /// The last score that was given.
    public internal(set) var lastScore: AnomalyScorer.Score?
    /// The last drift that was given.
    public internal(set) var lastDrift: DriftDetector.Drift?
    /// Whether it waits in the fleet's list of ready devices.
    var isReady = false

    /// A device that has been seen for the first time.
    public init(name: String, model: Model, stream: Int, lateness: Duration, now: Timestamp) {
        self.name = name
        self.model = model
        self.stream = stream
        let channels = model.channels.count
        assembler = FrameAssembler(clock: model.clock, lateness: lateness, channels: channels)
        frame = Frame(channels: channels)
        features = Array(repeating: 0, count: channels)
        inputs = features
        expected = Array(repeating: .nan, count: channels)
        state = model.autoencoder.zeroState()
        scorer = AnomalyScorer(channels: channels)
        drift = DriftDetector(model.calibration.drift, channels: channels)
        faults = FaultDetector(channels: channels)
        conditions = InlineArray(repeating: AlertCondition())
        lastArrival = now
    }

    /// When the latest sample was measured, or `nil` before the first one.
    public var latest: Timestamp? { assembler.latest }

    /// Whether the state has seen enough to be judged by.
    public var isWarm: Bool { framesSinceReset > model.warmUp }

    /// The same device in another list of streams.
    func moved(to stream: Int) -> DeviceMonitor {
        var moved = self
        moved.stream = stream
        moved.isReady = false
        return moved
    }

    /// Forgets the recurrent state and the grid, after a gap; conditions and drift stay.
    mutating func reset() {
        assembler.reset()
        state = model.autoencoder.zeroState()
        scorer = AnomalyScorer(channels: model.channels.count)
        drift.forgetStep()
        framesSinceReset = 0
        resets += 1
    }
}

extension DeviceMonitor {
    /// Takes out the oldest frame, complete or not, and judges it.
    mutating func assessOldest(device: Int, policies: AlertPolicies) -> Assessment {
        assembler.removeOldest(into: &frame)
        return assess(device: device, policies: policies)
    }

    /// Advances the network by ``frame`` and judges it; does not allocate unless a condition changes.
    ///
    /// Scale → step → score → drift → faults → alerts. The first half of the warm-up is not even
    /// counted: a state that comes from zero is surprised by everything.
    mutating func assess(device: Int, policies: AlertPolicies) -> Assessment {
        model.scaler.transform(frame.values, into: &features)
        let hasForecast = model.calibration.forecast != nil && framesSinceReset > 0
        for c in features.indices {
            let feature = features[c]
            inputs[c] = feature.isNaN ? 0 : feature.clipped(to: Scaler.inputLimit)
            expected[c] = hasForecast ? state.forecast[c] : .nan
        }
        model.autoencoder.step(inputs, state: &state)
        let isAfterGap = framesSinceReset == 0 && resets > 0
        framesSinceReset += 1
        frames += 1

        var score: AnomalyScorer.Score?
        if framesSinceReset > model.warmUp / 2, !frame.isEmpty {
            let energies = scorer.update(
                features: features,
                predicted: hasForecast ? expected : nil,
                reconstructed: model.calibration.reconstruction == nil
                    ? nil : state.reconstruction,
                calibration: model.calibration
            )
            score = scorer.score(energies, calibration: model.calibration)
        }
        if model.calibration.forecast == nil {
            for c in expected.indices { expected[c] = state.reconstruction[c] }
        }
        guard isWarm else {
            return assessment(device, score: nil, drift: nil, isAfterGap: isAfterGap)
        }

        var drift: DriftDetector.Drift?
        if score != nil {
            drift = self.drift.update(
                deviations: scorer.deviations,
                state: state.recurrent,
                hidden: model.autoencoder.hiddenRange,
                reference: model.calibration.drift
            )
            lastDrift = drift
            lastScore = score
        }
        var assessment = assessment(device, score: score, drift: drift, isAfterGap: isAfterGap)
        judge(&assessment, policies: policies)
        return assessment
    }

    private func assessment(
        _ device: Int,
        score: AnomalyScorer.Score?,
        drift: DriftDetector.Drift?,
        isAfterGap: Bool
    ) -> Assessment {
        Assessment(
            device: device,
            name: name,
            model: model,
            time: frame.time,
            score: score,
            isWarm: isWarm,
            isAfterGap: isAfterGap,
            shares: scorer.shares,
            values: frame.values,
            expected: expected,
            isFresh: frame.isFresh,
            drift: drift,
            alerts: []
        )
    }

    /// Turns score, drift and faults into changes of condition.
    private mutating func judge(_ assessment: inout Assessment, policies: AlertPolicies) {
        let time = frame.time
        if let score = assessment.score {
            update(.anomaly, level: score.value, time, policies.anomaly, &assessment.alerts)
        }
        if let drift = assessment.drift {
            let anomaly = conditions[AlertKind.anomaly.rawValue]
            let lasts = anomaly.isRaised && time - anomaly.since >= policies.driftAfter
            let level = max(drift.largest.ratio, lasts ? 1 : 0)
            update(.drift, level: level, time, policies.drift, &assessment.alerts)
        }
        if !frame.isEmpty {
            let faulty = faults.update(
                frame,
                limits: model.calibration.faults,
                channels: model.channels
            )
            update(.fault, level: Double(faulty), time, policies.fault, &assessment.alerts)
        }
    }

    private mutating func update(
        _ kind: AlertKind,
        level: Double,
        _ time: Timestamp,
        _ policy: AlertPolicy,
        _ alerts: inout [Alert]
    ) {
        let transition = conditions[kind.rawValue].update(level: level, time: time, policy: policy)
        if let transition {
            alerts.append(alert(kind, transition, level: level, time: time))
        }
    }
}
