/// A look at one device of a ``Fleet``: what is remembered about it.
///
/// It shows the device as it is now, wherever it is copied to, and only the fleet's owner may use it.
public struct DeviceMonitor {
    let record: DeviceRecord
    let group: ModelGroup
    /// The number of the stream that it came by.
    public let stream: Int

    init(_ record: DeviceRecord, stream: Int = 0) {
        self.record = record
        group = unsafe record.usual.pointee.group.takeUnretainedValue()
        self.stream = stream
    }

    /// The device's name.
    public var name: String { group.names[Int(record.heads[0].number)] }
    /// What judges it.
    public var model: Model { group.model }
    /// What the network remembers: hidden and memory of every layer, `[stateSize]`.
    public var recurrent: [Float] { record.recurrent.indices.map { record.recurrent[$0] } }
    /// Keeps the budget of false alerts.
    public var keeper: ThresholdKeeper { record.heads[0].keeper }
    /// The four conditions, in the order of ``AlertKind``.
    public var conditions: InlineArray<4, AlertCondition> { record.heads[0].conditions }
    /// Frames since the state was last zero.
    public var framesSinceReset: Int64 { record.heads[0].framesSinceReset }
    /// Frames assessed.
    public var frames: Int64 { record.heads[0].frames }
    /// How often a gap reset the state.
    public var resets: Int64 { record.heads[0].resets }
    /// When the last sample arrived here.
    public var lastArrival: Timestamp { record.heads[0].lastArrival }
    /// The last score that was given.
    public var lastScore: AnomalyScorer.Score? { record.heads[0].score }
    /// What was last published of its scores.
    public var published: PublishedScore { record.published[0] }
    /// The last drift that was given.
    public var lastDrift: DriftDetector.Drift? { record.heads[0].drift }
    /// When the latest sample was measured, or `nil` before the first one.
    public var latest: Timestamp? { record.slots.latest }
    /// Whether the state has seen enough to be judged by.
    public var isWarm: Bool { record.isWarm }

    /// A channel's value in the frame that was assessed last, in its unit; NaN if missing.
    public func value(_ channel: Int) -> Double { record.frame.value(channel) }

    /// What the model expected of a channel in that frame, in its unit.
    public func expectedValue(_ channel: Int) -> Double? {
        let feature = record.expected[0][channel]
        return feature.isNaN ? nil : model.scaler.value(of: feature, channel: channel)
    }

    /// The kinds of alert that are raised.
    public var raisedKinds: [AlertKind] {
        AlertKind.allCases.filter { conditions[$0.rawValue].isRaised }
    }

    /// A_on, in spreads: that of the calibration, or what the budget asks for.
    public func threshold(policies: AlertPolicies) -> Double {
        guard let budget = policies.budgetPerMonth else { return model.calibration.threshold }
        return keeper.threshold(budget: budget * model.clock.monthsPerFrame)
    }
}
