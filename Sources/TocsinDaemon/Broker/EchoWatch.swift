import TocsinCore
import TocsinMQTT

/// Finds out what became of alerts that were on their way when a connection, or a process, ended.
///
/// Without an acknowledgement nobody knows whether a message of QoS 1 has arrived (MQTT 5, 4.3.2), and to send
/// it again may make two of it. But whoever subscribes to his own messages, in a session that the broker
/// keeps, gets back all that arrived, in order. So after each connect the daemon says a word to itself. Once
/// that has come back, all that arrived has come back before it; an alert that has not is sent again. (MQTT
/// asks for that order within a topic only, 4.6; brokers keep one queue for a client.)
///
/// Where the broker keeps no session or refuses the subscription, or nothing comes back, nobody can know: an
/// alert in doubt is sent again.
struct EchoWatch {
    /// The topics that are listened to.
    struct Topics: Sendable {
        private let alerts: [UInt8]
        private let word: [UInt8]

        /// - Parameter prefix: the first level of every topic
        init(prefix: String) {
            alerts = Array("\(prefix)/alerts".utf8)
            word = Array(EchoWatch.word(prefix).utf8)
        }

        /// Whether a message comes from the daemon itself.
        func isOwn(_ topic: Span<UInt8>) -> Bool { isAlert(topic) || isWord(topic) }

        /// Whether a message is an alert that the broker has.
        func isAlert(_ topic: Span<UInt8>) -> Bool { topic.equals(alerts.span) }

        /// Whether a message is the daemon's word to itself.
        func isWord(_ topic: Span<UInt8>) -> Bool { topic.equals(word.span) }
    }

    /// What is to be done.
    enum Step: Equatable {
        /// Tell the shards to expect a word, and publish it.
        case say(UInt64)
        /// Tell the shards that no more will be known.
        case release
    }

    /// The topic of the word.
    let topic: String
    private let filters: [String]
    private let isPossible: Bool
    /// Until when to wait; `nil` if nothing is waited for.
    private var deadline: ContinuousClock.Instant?
    private var isSaid = false
    /// The word's, while it is on its way.
    var token: MQTTToken?

    /// How long a word may take.
    static let patience = Duration.seconds(5)

    /// - Parameters:
    ///   - prefix: the first level of every topic
    ///   - isPossible: whether the broker is asked to keep a session
    init(prefix: String, isPossible: Bool) {
        topic = Self.word(prefix)
        filters = ["\(prefix)/alerts", topic]
        self.isPossible = isPossible
    }

    private static func word(_ prefix: String) -> String { "\(prefix)/echo" }

    /// What to subscribe to besides the streams.
    var subscriptions: [MQTTSubscription] { isPossible ? filters.map { MQTTSubscription($0) } : [] }

    /// Whether an event is only about the word.
    func isOwn(_ event: MQTTEvent) -> Bool {
        if case .publishFailed(token, _) = event { token != nil } else { false }
    }

    /// Takes note of what happened to the connection.
    ///
    /// - Parameter isAnswered: whether the broker has answered for all filters
    mutating func settle(
        _ event: MQTTEvent,
        isAnswered: Bool,
        now: ContinuousClock.Instant = .now
    ) -> Step? {
        switch event {
        case .connected:
            isSaid = false
            deadline = now + Self.patience
            return nil
        case .subscribed(let granted):
            guard !isSaid else { return nil }
            if isPossible, filters.allSatisfy(granted.contains) {
                isSaid = true
                return .say(.random(in: .min ... .max))
            }
            guard isAnswered || !isPossible else { return nil }
            deadline = nil
            return .release
        case .publishFailed(let failed, .refused):
            guard failed == token else { return nil }
            deadline = nil
            return .release
        case .disconnected:
            deadline = nil
            return nil
        default:
            return nil
        }
    }

    /// What is due by the clock.
    mutating func tick(_ now: ContinuousClock.Instant) -> Step? {
        guard let deadline, now >= deadline else { return nil }
        self.deadline = nil
        return .release
    }
}
