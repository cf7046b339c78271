import TocsinCore
import TocsinMQTT

/// Follows how many messages the broker has dropped.
///
/// mosquitto keeps at most `max_queued_messages` for a client that does not take them, and drops the rest,
/// QoS 1 too, without a word to that client. It counts them for all clients together since it started, and
/// publishes the count under `$SYS`, every ten seconds, if it has changed.
struct DroppedWatch {
    static let topic = "$SYS/broker/publish/messages/dropped"
    private static let bytes = Array(topic.utf8)

    /// What the broker said last; `nil` if it has said nothing yet.
    private var count: Int?
    /// Messages that the broker dropped while it was watched.
    private(set) var total = 0

    /// What to subscribe to besides the streams.
    static var subscription: MQTTSubscription { MQTTSubscription(topic, qos: .atMostOnce) }

    /// Whether a message is one of these, and none of a stream.
    static func isOwn(topic: Span<UInt8>) -> Bool {
        topic.equals(bytes.span)
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
