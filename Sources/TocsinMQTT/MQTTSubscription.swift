/// What may happen to a message on one hop: QoS 2 is not offered.
public enum MQTTQoS: Int32, Sendable, Equatable {
    case atMostOnce = 0
    case atLeastOnce = 1
}

/// Something to subscribe to.
public struct MQTTSubscription: Sendable, Hashable, ExpressibleByStringLiteral {
    /// When the broker sends the messages it retained.
    public enum RetainHandling: Int32, Sendable {
        /// At every subscription.
        case always = 0x00
        /// If the session did not have this subscription yet.
        case ifNew = 0x10
        /// Not at all.
        case never = 0x20
    }

    /// The topic filter, with wildcards.
    public var filter: String

    /// The highest quality of service to deliver with.
    public var qos: MQTTQoS

    /// When retained messages are sent; MQTT 3.1.1 always sends them.
    public var retainHandling: RetainHandling

    public init(
        _ filter: String,
        qos: MQTTQoS = .atLeastOnce,
        retainHandling: RetainHandling = .always
    ) {
        self.filter = filter
        self.qos = qos
        self.retainHandling = retainHandling
    }

    public init(stringLiteral filter: String) {
        self.init(filter)
    }
}
