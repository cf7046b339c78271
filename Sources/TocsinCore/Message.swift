/// Topic and payload as they were received.
public struct Message: Sendable, Equatable {
    /// The topic's bytes, UTF-8 if the sender keeps to MQTT.
    public var topic: [UInt8]
    /// The payload's bytes.
    public var payload: [UInt8]
    /// When it arrived here.
    public var arrival: Timestamp
    /// Whether the broker kept it from before the subscription.
    public var isRetained: Bool

    /// A message.
    public init(
        topic: [UInt8],
        payload: [UInt8],
        arrival: Timestamp,
        isRetained: Bool = false
    ) {
        self.topic = topic
        self.payload = payload
        self.arrival = arrival
        self.isRetained = isRetained
    }

    /// A message, from text.
    public init(topic: String, payload: String, arrival: Timestamp, isRetained: Bool = false) {
        self.init(
            topic: Array(topic.utf8),
            payload: Array(payload.utf8),
            arrival: arrival,
            isRetained: isRetained
        )
    }
}
