/// When each kind of alert rings.
public struct AlertPolicies: Sendable, Equatable {
    /// Judges the novelty.
    public var anomaly = AlertPolicy(raiseAfter: 1, clearAfter: 3, clearLevel: 0.8)
    /// At most so many false anomaly alerts per device and month (30.44 days); `nil` for the
    /// threshold of the calibration.
    public var budgetPerMonth: Double?
    /// Judges the drift ratio; its index is smooth by itself, so a few frames settle it.
    public var drift = AlertPolicy(raiseAfter: 5, clearAfter: 50)
    /// Judges the number of faulty channels; a sensor that comes and goes is one fault, so ten sound
    /// frames end it.
    public var fault = AlertPolicy(raiseAfter: 1, clearAfter: 10)
    /// When nothing arriving is silence.
    public var silence = SilencePolicy()
    /// A device whose score stays above 1 for longer has drifted, whether or not it is still new.
    public var driftAfter = Duration.seconds(86_400)
    /// Judges the score for that.
    let departure = AlertPolicy(raiseAfter: 2, clearAfter: 10, clearLevel: 0.5)

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

    /// How long a device may stay away.
    ///
    /// - Parameters:
    ///   - period: of its frames
    ///   - usualGap: the longest time without a sample that is usual for it, in seconds; twice that is
    ///     still no silence
    public func limit(period: Duration, usualGap: Double) -> Duration {
        max(period * afterPeriods, atLeast, .microseconds(Int64(2e6 * usualGap)))
    }
}
