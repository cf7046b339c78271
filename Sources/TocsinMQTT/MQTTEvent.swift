/// What happened to a connection, told on the network thread in the order in which it happened.
public enum MQTTEvent: Sendable, Equatable {
    /// The broker accepted the connection.
    ///
    /// Without a session on its side, whatever was published meanwhile is lost.
    case connected(sessionPresent: Bool, version: MQTTVersion)

    /// The broker has answered for every filter, and granted these; in order of their names.
    case subscribed([String])

    /// The broker does not grant this filter; asked again after the next connect.
    case filterRefused(String, MQTTError)

    /// The connection ended, or could not be made; the next attempt follows.
    case disconnected(MQTTError, retryIn: Duration)

    /// A QoS 1 message was acknowledged.
    case published(MQTTToken)

    /// A message which had been taken in will not be published.
    case publishFailed(MQTTToken, MQTTPublishFailure)
}

/// Names a message given to ``MQTTClient/publish(topic:payload:isRetained:isRepeated:expiry:owner:)``.
///
/// Tokens of one client ascend in the order of publishing.
public struct MQTTToken: Sendable, Hashable {
    let number: UInt64
    /// Whoever gave the message, as told then.
    public let owner: Int
}

/// Why a message that had been taken in was not published.
public enum MQTTPublishFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// It waited longer than its expiry.
    case expired
    /// The broker, or libmosquitto, would not have it.
    case refused(MQTTError)
    /// The connection ended before the broker had answered for it, or before it was sent at all; it
    /// was not to be sent again.
    case interrupted(mayHaveArrived: Bool)

    public var description: String {
        switch self {
        case .expired: "expired while waiting for the broker"
        case .refused(let error): "\(error)"
        case .interrupted: "the connection ended"
        }
    }
}

/// Why a message was not taken in for publishing.
public enum MQTTPublishRefusal: Error, Sendable, Equatable, CustomStringConvertible {
    /// The topic is empty, too long, not valid UTF-8 for MQTT, or has wildcards.
    case invalidTopic(String)
    /// A QoS 0 message, while there is no connection.
    case notConnected
    /// As many messages or bytes wait as may wait.
    case queueFull
    /// The client was told to stop.
    case stopped

    public var description: String {
        switch self {
        case .invalidTopic(let topic): "'\(topic)' is no topic to publish to"
        case .notConnected: "not connected"
        case .queueFull: "too much waits for the broker already"
        case .stopped: "the client has been stopped"
        }
    }
}

/// What travels with a message besides its topic and payload.
public struct MQTTMessageFlags: Sendable, Equatable {
    /// The quality of service it was delivered with.
    public let qos: MQTTQoS

    /// Whether the broker had kept it from before the subscription: its content may be old.
    public let isRetained: Bool

    /// The packet's identifier at QoS 1, or 0.
    ///
    /// Within a session the broker gives it to no other message before this one is acknowledged, and
    /// sends a message again under the same one.
    public let identifier: UInt16
}
