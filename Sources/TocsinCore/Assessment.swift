/// What one frame led to.
///
/// It shares the arrays of the ``DeviceMonitor`` that made it: read it while it is handed over, do
/// not keep it, and nothing is copied.
public struct Assessment: Sendable {
    /// The device's number in its ``Fleet``.
    public var device: Int
    /// The device's name.
    public var name: String
    /// The model that judged.
    public var model: Model
    /// The frame's tick.
    public var time: Timestamp
    /// The anomaly score, 1 is the boundary; `nil` while warming up, and for a frame without values.
    public var score: AnomalyScorer.Score?
    /// Whether the state has seen enough.
    public var isWarm: Bool
    /// Whether this frame reset the state, because of the gap before it.
    public var isAfterGap: Bool
    /// Each channel's share of the score, `[channels]`.
    public var shares: [Double]
    /// Each channel's value, in its unit; NaN if missing, `[channels]`.
    public var values: [Double]
    /// What the model expected, scaled; NaN if it expected nothing, `[channels]`.
    public var expected: [Float]
    /// Whether a sample of this period stands behind the value, `[channels]`.
    public var isFresh: [Bool]
    /// Drift of residual and hidden state; `nil` while warming up.
    public var drift: DriftDetector.Drift?
    /// Changes of condition; almost always empty.
    public var alerts: [Alert]
}

extension Assessment {
    /// What the model expected of a channel, in its unit.
    public func expectedValue(_ channel: Int) -> Double? {
        let feature = expected[channel]
        return feature.isNaN ? nil : model.scaler.value(of: feature, channel: channel)
    }
}
