import TocsinMQTT

/// Follows how many messages the broker has dropped.
///
/// mosquitto keeps at most `max_queued_messages` for a client that does not take them, and drops the rest,
/// QoS 1 too, without a word to that client. It counts them for all clients together since it started, and
/// publishes the count under `$SYS`, every ten seconds, if it has changed.
///
/// Other brokers may refuse that topic, which is no fault, or hang up on whoever asks for it. It is
/// therefore asked for on its own, once the streams are granted; and no more after a refusal, or after the
/// connection broke twice before the answer.
struct DroppedWatch {
    static let topic = "$SYS/broker/publish/messages/dropped"
    private static let bytes = Array(topic.utf8)

    private enum Standing {
        case unasked, asked, granted
        /// Refused, but the broker has not answered for all filters yet.
        case refused
        /// Refused, and no more wanted after this connection.
        case dismissed
        case givenUp
    }

    private var standing = Standing.unasked
    private var hangUps = 0
    /// What the broker said last; `nil` if it has said nothing yet.
    private var count: Int?
    /// Messages that the broker dropped while it was watched.
    private(set) var total = 0

    /// What to subscribe to besides the streams, for now.
    ///
    /// Changes only when there is no connection, but for the question itself: no answer is about both.
    var subscriptions: [MQTTSubscription] {
        standing == .unasked || standing == .givenUp
            ? [] : [MQTTSubscription(Self.topic, qos: .atMostOnce)]
    }

    /// Whether an event is only about this, and nothing that the operator or the streams need to know.
    func isOwn(_ event: MQTTEvent) -> Bool {
        switch event {
        case .filterRefused(let filter, _): filter == Self.topic
        case .subscribed: standing == .asked || standing == .refused
        default: false
        }
    }

    /// Takes note of what happened to the connection; true if ``subscriptions`` have changed.
    mutating func settle(_ event: MQTTEvent) -> Bool {
        let before = subscriptions
        switch (event, standing) {
        case (.subscribed(let filters), .unasked):
            if !filters.isEmpty { standing = .asked }
        case (.subscribed(let filters), .asked):
            if filters.contains(Self.topic) { standing = .granted }
        case (.filterRefused(Self.topic, _), .asked):
            standing = .refused
        case (.filterRefused(Self.topic, _), .granted), (.subscribed, .refused):
            standing = .dismissed
        case (.disconnected, .asked):
            hangUps += 1
            standing = hangUps < 2 ? .unasked : .givenUp
        case (.disconnected, .refused), (.disconnected, .dismissed):
            standing = .givenUp
        default:
            break
        }
        return subscriptions != before
    }

    /// Whether a message is one of these, and none of a stream.
    static func isOwn(topic: Span<UInt8>) -> Bool {
        guard topic.count == bytes.count, topic[0] == bytes[0] else { return false }
        return topic.indices.allSatisfy { topic[$0] == bytes[$0] }
    }

    /// Takes in a message; true if messages were dropped since the last one.
    ///
    /// - Parameters:
    ///   - payload: a number in decimal; anything else is left alone
    ///   - isRetained: whether it was there before; what was dropped before the first is no news
    mutating func take(_ payload: Span<UInt8>, isRetained: Bool) -> Bool {
        var digits: [UInt8] = []
        for i in 0..<min(payload.count, 20) { digits.append(payload[i]) }
        guard payload.count < 20, let new = Int(String(decoding: digits, as: UTF8.self)), new >= 0
        else { return false }
        let old = count ?? (isRetained ? new : 0)
        count = new
        // A smaller one is of a broker that has been started again.
        let growth = new < old ? new : new - old
        total += growth
        return growth > 0
    }
}
