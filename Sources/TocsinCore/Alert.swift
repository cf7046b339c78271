/// A change of condition: raised or cleared, or a reminder that it is still raised.
public struct Alert: Sendable, Equatable {
    /// Which way the condition changed.
    public enum State: String, Sendable {
        case raised
        case cleared
    }

    /// How bad it is.
    public enum Severity: String, Sendable {
        case warning
        case critical
    }

    /// A channel's part in an alert.
    public struct Contribution: Sendable, Equatable {
        /// The channel's name.
        public var channel: String
        /// Its share of what raised the alert, 0 … 1.
        public var share: Double
        /// Its value, in its unit; `nil` if there is none.
        public var value: Double?
        /// What the model expected, in its unit; `nil` if it expected nothing.
        public var expected: Double?
        /// Its unit; empty if unknown.
        public var unit: String
        /// What is wrong with it, for a fault.
        public var cause: FaultCause?
    }

    /// The same from raising to clearing, and different for any two alerts.
    public var id: String
    /// The device's name.
    public var device: String
    /// Which verdict.
    public var kind: AlertKind
    /// Raised or cleared.
    public var state: State
    /// Whether it only says again what was said.
    public var isReminder: Bool
    /// How bad it is.
    public var severity: Severity
    /// When the condition began.
    public var since: Timestamp
    /// When this transition was decided.
    public var time: Timestamp
    /// The level that decided, 1 is the boundary.
    public var score: Double
    /// The highest level since ``since``.
    public var peak: Double
    /// What has drifted, for a drift alert.
    public var driftCause: DriftCause?
    /// The channels that made it, largest share first.
    public var channels: [Contribution]
    /// The model's name.
    public var model: String
}

extension Alert {
    /// How long it lasts already; never negative, though the clock was set back meanwhile.
    public var duration: Duration { max(time - since, .zero) }

    /// One sentence that a person can read.
    public var sentence: String {
        if state == .cleared {
            return "\(device): \(kind.name) is over after \(duration.readable)"
        }
        let again = isReminder ? " still" : ""
        switch kind {
        case .anomaly:
            return "\(device)\(again) behaves unusually (score \(score.readable))\(leading)"
        case .drift:
            let cause = driftCause?.name ?? "behaviour"
            return "\(device)\(again) has drifted: its \(cause) is not what it was\(leading)"
        case .fault:
            let parts = channels.prefix(3).map { "\($0.channel) is \($0.cause?.name ?? "faulty")" }
            return "\(device)\(again) has a faulty sensor: \(parts.joined(separator: ", "))"
        case .silence:
            return "\(device)\(again) is silent since \(since)"
        }
    }

    private var leading: String {
        guard let first = channels.first else { return "" }
        let unit = first.unit.isEmpty ? "" : " \(first.unit)"
        guard let value = first.value else { return ": mostly \(first.channel)" }
        guard let expected = first.expected else {
            return ": mostly \(first.channel), \(value.readable)\(unit)"
        }
        return ": mostly \(first.channel), \(value.readable)\(unit)"
            + " where \(expected.readable)\(unit) was expected"
    }
}
