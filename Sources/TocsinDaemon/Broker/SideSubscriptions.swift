import TocsinMQTT

/// Subscriptions that are good to have, and no fault where the broker refuses them.
///
/// Other brokers than mosquitto may refuse a topic of these, or hang up on whoever asks for it. They are
/// therefore asked for on their own, once the streams are granted; each no more after a refusal, and none
/// after the connection broke twice before the answer.
struct SideSubscriptions {
    private enum Standing {
        case unasked, asked, answered, givenUp
    }

    private var wanted: [MQTTSubscription]
    private var standing = Standing.unasked
    private var refused: Set<String> = []
    private var hangUps = 0

    /// Subscriptions that are not asked for yet.
    init(_ wanted: [MQTTSubscription]) {
        self.wanted = wanted
        if wanted.isEmpty { standing = .givenUp }
    }

    /// What to subscribe to besides the streams, for now.
    ///
    /// Changes only when there is no connection, but for the question itself: no answer is about both.
    var subscriptions: [MQTTSubscription] {
        standing == .unasked || standing == .givenUp ? [] : wanted
    }

    /// Whether the broker has answered, or is not asked any more.
    var isAnswered: Bool { standing == .answered || standing == .givenUp }

    /// Whether a filter is one of these.
    func contains(_ filter: String) -> Bool { wanted.contains { $0.filter == filter } }

    /// Whether an event is only about these, and nothing that the operator or the streams need to know.
    func isOwn(_ event: MQTTEvent) -> Bool {
        switch event {
        case .filterRefused(let filter, _): contains(filter)
        case .subscribed: standing == .asked
        default: false
        }
    }

    /// Takes note of what happened to the connection; true if ``subscriptions`` have changed.
    mutating func settle(_ event: MQTTEvent) -> Bool {
        let before = subscriptions
        switch (event, standing) {
        case (.subscribed(let granted), .unasked):
            if !granted.isEmpty { standing = .asked }
        case (.subscribed, .asked):
            standing = .answered
        case (.filterRefused(let filter, _), .asked), (.filterRefused(let filter, _), .answered):
            if contains(filter) { refused.insert(filter) }
        case (.disconnected, .asked):
            hangUps += 1
            standing = hangUps < 2 ? .unasked : .givenUp
        case (.disconnected, .answered):
            wanted.removeAll { refused.contains($0.filter) }
            if wanted.isEmpty { standing = .givenUp }
        default:
            break
        }
        return subscriptions != before
    }
}
