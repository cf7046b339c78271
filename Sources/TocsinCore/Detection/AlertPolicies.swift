/// When each kind of alert rings.
public struct AlertPolicies: Sendable, Equatable {
    /// Judges the anomaly score.
    public var anomaly = AlertPolicy()
    /// Judges the drift ratio; its index is smooth by itself, so a few frames settle it.
    public var drift = AlertPolicy(raiseAfter: 5, clearAfter: 50)
    /// Judges the number of faulty channels.
    public var fault = AlertPolicy(raiseAfter: 1, clearAfter: 3)
    /// When nothing arriving is silence.
    public var silence = SilencePolicy()
    /// An anomaly that lasts longer is drift, too.
    public var driftAfter = Duration.seconds(86_400)

    /// The policies that ship.
    public init() {}
}

/// When nothing arriving is silence.
public struct SilencePolicy: Sendable, Equatable {
    /// In periods of the device.
    public var afterPeriods = 5
    /// But never less than this.
    public var atLeast = Duration.seconds(30)

    /// The policy that ships.
    public init() {}

    /// How long a device of this period may stay away.
    public func limit(period: Duration) -> Duration {
        max(period * afterPeriods, atLeast)
    }
}
