import TocsinCore

/// Notices a connection that is up but deaf: nothing arrives although it should.
///
/// A broker, or something in front of it, may lose a subscription and keep the connection. What that looks
/// like from here is that all devices fall silent at once. So does a fleet that is switched off; the rule
/// is therefore slow to suspect, and slower each time it was wrong:
///
/// * It counts live messages of the streams; retained ones come with every subscription.
/// * It waits for as long as *every* device that was there could have been silent, and that long again
///   (``patience(_:)``), and never less than twenty seconds: until then the
///   keep-alive time has found connections that are dead.
/// * Each renewal doubles the wait before the next one, in this silence and in those to come, up to
///   256 times. A renewal after which something arrives within that time was right, and undoes that.
///
/// A renewal that was not needed costs one reconnect; a session keeps what arrives meanwhile.
struct DeafWatch {
    /// What a device is expected to do.
    struct Expectation {
        /// How long before the fleet's latest sample its own latest one arrived.
        var behind: Duration
        /// How long it may stay away before it counts as silent.
        var limit: Duration
    }

    /// No silence is shorter.
    static let least = Duration.seconds(20)
    private static let mostDoublings = 8

    /// Live messages that had arrived at the last look.
    private var messages = 0
    /// When the last look found something new, or a connection; `nil` without a connection.
    private var since: ContinuousClock.Instant?
    /// How long this silence may last, once that was asked for.
    private var limit: Duration?
    private var doublings = 0
    /// Whether the connection was renewed in this silence.
    private var isRenewed = false

    /// How long such a fleet may be silent as a whole; `nil` if nothing is known of it.
    ///
    /// Twice the longest limit of those devices that were not silent already when the last sample came.
    static func patience(_ devices: some Sequence<Expectation>) -> Duration? {
        let limits = devices.lazy.filter { $0.behind < $0.limit }.map(\.limit)
        return limits.max().map { max($0 * 2, least) }
    }

    /// Whether the connection is to be renewed now; to be asked about every second or more often.
    ///
    /// - Parameters:
    ///   - messages: live messages of the streams so far
    ///   - isUp: whether there is a connection
    ///   - patience: how long the fleet may be silent; asked once per silence, after twenty seconds
    mutating func mustRenew(
        messages: Int,
        isUp: Bool,
        now: ContinuousClock.Instant,
        patience: () -> Duration?
    ) -> Bool {
        if messages != self.messages {
            // Heard at once after a renewal: it was needed.
            if isRenewed, let since, let limit, now - since <= limit { doublings = 0 }
            isRenewed = false
            limit = nil
            self.messages = messages
            since = isUp ? now : nil
            return false
        }
        guard isUp else {
            since = nil
            return false
        }
        guard let begin = since else {
            since = now
            return false
        }
        guard now - begin >= Self.least else { return false }
        if limit == nil { limit = patience() }
        guard let limit, now - begin >= limit * (1 << doublings) else { return false }
        doublings = min(doublings + 1, Self.mostDoublings)
        isRenewed = true
        since = now
        return true
    }
}

extension DeafWatch {
    /// How long these devices may be silent as a whole; `nil` if there are none.
    static func patience(of devices: [DeviceMonitor], _ policies: AlertPolicies) -> Duration? {
        guard let latest = devices.lazy.map(\.lastArrival).max() else { return nil }
        return patience(
            devices.lazy.map { device in
                Expectation(
                    behind: latest - device.lastArrival,
                    limit: policies.silence.limit(
                        period: device.model.clock.period,
                        usualGap: device.model.calibration.faults.usualGap
                    )
                )
            }
        )
    }
}
