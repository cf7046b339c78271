import Synchronization
public import TocsinMQTT

/// Another client of the broker: sees what is published, and publishes.
public final class TestClient: Sendable {
    public struct Message: Sendable, Equatable {
        public let topic: String
        public let payload: String
        public let qos: MQTTQoS
        public let isRetained: Bool
    }

    private let client: MQTTClient
    private let seen: Seen

    private final class Seen: Sendable {
        let messages = Mutex<[Message]>([])
        let acknowledged = Mutex<Int>(0)
        let subscriptions = Mutex(0)
    }

    /// Connects, and waits until the filters are granted.
    public init(
        _ address: MQTTClient.Options.Address,
        filters: [String] = ["#"],
        username: String? = nil,
        password: String? = nil
    ) async throws {
        let seen = Seen()
        self.seen = seen
        var options = MQTTClient.Options(address: address)
        options.username = username
        options.password = password
        options.sendMaximum = 200
        options.backOff.first = .milliseconds(50)
        options.backOff.cap = .milliseconds(200)
        client = try MQTTClient(
            options,
            handlers: MQTTClient.Handlers(
                message: { topic, payload, flags in
                    let message = Message(
                        topic: text(topic),
                        payload: text(payload),
                        qos: flags.qos,
                        isRetained: flags.isRetained
                    )
                    seen.messages.withLock { $0.append(message) }
                },
                event: { event in
                    switch event {
                    case .subscribed: seen.subscriptions.withLock { $0 += 1 }
                    case .published: seen.acknowledged.withLock { $0 += 1 }
                    default: break
                    }
                }
            )
        )
        client.setSubscriptions(filters.map { MQTTSubscription($0) })
        try client.start()
        try await waitForSubscription()
    }

    /// Waits until it has subscribed so often: again after each time that the broker was away.
    public func waitForSubscription(count: Int = 1) async throws {
        try await eventually("subscription") { seen.subscriptions.withLock(\.self) >= count }
    }

    /// Publishes many messages at QoS 1, and waits until the broker has them.
    public func publish(_ messages: [(topic: String, payload: String)], isRetained: Bool = false)
        async throws
    {
        let before = seen.acknowledged.withLock(\.self)
        for message in messages {
            let payload = Array(message.payload.utf8)
            _ = try client.publish(topic: message.topic, payload: payload, isRetained: isRetained)
        }
        try await eventually("acknowledgements") {
            seen.acknowledged.withLock(\.self) >= before + messages.count
        }
    }

    /// A client of a broker of the test's own.
    public convenience init(_ broker: Mosquitto, filters: [String] = ["#"]) async throws {
        try await self.init(.tcp(host: "127.0.0.1", port: broker.port), filters: filters)
    }

    deinit {
        client.stop(within: .zero)
    }

    /// Every message seen so far.
    public var messages: [Message] { seen.messages.withLock(\.self) }

    /// The messages of one topic.
    public func messages(_ topic: String) -> [Message] { messages.filter { $0.topic == topic } }

    /// Waits for messages, and returns all that were seen.
    @discardableResult
    public func wait(
        for what: String,
        within limit: Duration = .seconds(30),
        until isWanted: ([Message]) -> Bool
    ) async throws -> [Message] {
        try await eventually(what, within: limit, detail: { "\(messages.suffix(5))" }) {
            isWanted(messages)
        }
        return messages
    }

    /// Publishes at QoS 1, in order, and waits for nothing.
    public func send(_ topic: String, _ payload: String) throws {
        _ = try client.publish(topic: topic, payload: Array(payload.utf8))
    }

    /// How many messages the broker has acknowledged.
    public var acknowledged: Int { seen.acknowledged.withLock(\.self) }

    /// Publishes at QoS 1, and waits until the broker has it.
    public func publish(
        _ topic: String,
        _ payload: String,
        isRetained: Bool = false
    ) async throws {
        try await publish(topic, bytes: Array(payload.utf8), isRetained: isRetained)
    }

    /// Publishes bytes at QoS 1, and waits until the broker has them.
    public func publish(
        _ topic: String,
        bytes: [UInt8],
        isRetained: Bool = false
    ) async throws {
        let before = seen.acknowledged.withLock(\.self)
        _ = try client.publish(topic: topic, payload: bytes, isRetained: isRetained)
        try await eventually("acknowledgement") {
            seen.acknowledged.withLock(\.self) > before
        }
    }
}

private func text(_ span: Span<UInt8>) -> String {
    span.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
}
