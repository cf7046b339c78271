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
    /// Keeps the budget of false alerts.
    public internal(set) var keeper: ThresholdKeeper
    /// Whether it has been unlike training, new or not, and since when.
    var departure = AlertCondition()
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
        drift = DriftDetector(model.calibration.drift)
        faults = FaultDetector(channels: channels)
        keeper = ThresholdKeeper(model.calibration.peaks)
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

    /// Notes that a sample has arrived; returns when the latest one before it was measured.
    mutating func hear(at arrival: Timestamp) -> Timestamp? {
        lastArrival = arrival
        return latest
    }

    /// Puts a sample into its frame.
    mutating func place(_ sample: Sample) -> FrameAssembler.Placement { assembler.place(sample) }

    /// Whether a frame can leave since the last sample, so that the device has to wait its turn.
    mutating func becomesReady() -> Bool {
        guard !isReady, assembler.hasCompleteFrame else { return false }
        isReady = true
        return true
    }

    /// Whether a frame can leave; if not, the device's turn is over.
    mutating func staysReady() -> Bool {
        isReady = assembler.hasCompleteFrame
        return isReady
    }

    /// Forgets the recurrent state and the grid, after a gap; conditions and drift stay.
    mutating func reset() {
        assembler.reset()
        state = model.autoencoder.zeroState()
        scorer = AnomalyScorer(channels: model.channels.count)
        drift.forgetStep()
        keeper.forgetPeak()
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
        // The device may change meanwhile, as far as the compiler sees; held here, its model does not,
        // and nothing of it has to be copied.
        let model = model
        model.scaler.transform(frame.values, into: &features)
        let forecasts = model.autoencoder.blueprint.heads.contains(.forecast)
        let isExpected = !forecasts || framesSinceReset > 0
        Self.setInputs(&inputs, from: features)
        if forecasts { Self.setExpected(&expected, to: isExpected ? state.forecast : nil) }
        model.autoencoder.step(inputs, state: &state)
        if !forecasts { Self.setExpected(&expected, to: state.reconstruction) }
        let isAfterGap = framesSinceReset == 0 && resets > 0
        framesSinceReset += 1
        frames += 1

        var scores: AnomalyScorer.StandardScores?
        if framesSinceReset > model.warmUp / 2, !frame.isEmpty {
            let energies = scorer.update(
                features: features,
                expected: isExpected ? expected : nil,
                calibration: model.calibration
            )
            if let energies {
                scores = AnomalyScorer.standardScores(energies, calibration: model.calibration)
            }
        }
        guard isWarm else {
            return assessment(device, score: nil, drift: nil, isAfterGap: isAfterGap)
        }

        var drift: DriftDetector.Drift?
        var score: AnomalyScorer.Score?
        if let scores {
            score = AnomalyScorer.score(
                scores,
                threshold: threshold(policies: policies),
                calibration: model.calibration
            )
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
        judge(&assessment, novelty: scores?.novelty, policies: policies)
        return assessment
    }

    /// What the network sees of the features: a missing one is usual, a far one is not too far.
    private static func setInputs(_ inputs: inout [Float], from features: [Float]) {
        let features = features.span
        var inputs = inputs.mutableSpan
        precondition(features.count == inputs.count)
        for c in features.indices {
            let feature = features[c]
            inputs[c] = feature.isNaN ? 0 : feature.clipped(to: Scaler.inputLimit)
        }
    }

    private static func setExpected(_ expected: inout [Float], to prediction: [Float]?) {
        var expected = expected.mutableSpan
        for c in expected.indices { expected[c] = prediction?[c] ?? .nan }
    }

    /// A_on, in spreads: that of the calibration, or what the budget asks for.
    public func threshold(policies: AlertPolicies) -> Double {
        let budget = policies.budgetPerMonth.map { $0 * model.clock.monthsPerFrame }
        return keeper.threshold(budget: budget, calibration: model.calibration)
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
    private mutating func judge(
        _ assessment: inout Assessment,
        novelty: Double?,
        policies: AlertPolicies
    ) {
        let model = model
        let time = frame.time
        if let score = assessment.score, let novelty {
            let told = assessment.alerts.count
            update(.anomaly, level: score.novelty, time, policies.anomaly, &assessment.alerts)
            let isAlert = conditions[AlertKind.anomaly.rawValue].isRaised
            let rang = isAlert && assessment.alerts.count > told
            keeper.update(novelty: novelty, isAlert: isAlert, rang: rang)
            _ = departure.update(level: score.value, time: time, policy: policies.departure)
        }
        if let drift = assessment.drift {
            let lasts = departure.isRaised && time - departure.since >= policies.driftAfter
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
