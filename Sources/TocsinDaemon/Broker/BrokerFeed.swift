import Synchronization
public import TocsinMQTT
import TocsinThreads

/// A short connection to a broker for the commands: publishes, or listens, and waits where it must.
public final class BrokerFeed: Sendable {
    private let client: MQTTClient
    private let state: Link

    /// What the network thread tells.
    private final class Link: Sendable {
        struct State {
            var isReady = false
            var error: MQTTError?
        }
        let state = Mutex(State())
        let changed: Wakeup

        init() throws(ThreadError) { changed = try Wakeup() }

        func set(_ change: (inout State) -> Void) {
            state.withLock { change(&$0) }
            changed.signal()
        }
    }

    /// Connects, and subscribes to `filters`; throws if that does not work out.
    ///
    /// - Parameters:
    ///   - message: gets topic, payload and whether it was retained, on the network thread
    public init(
        _ broker: Configuration.Broker,
        password: String?,
        filters: [String] = [],
        message: @escaping @Sendable (Span<UInt8>, Span<UInt8>, Bool) -> Void = { _, _, _ in }
    ) throws {
        let link = try Link()
        state = link
        var options = MQTTClient.Options(broker, password: password, prefix: "tocsin")
        options.will = nil
        options.sessionExpiry = nil
        options.sendMaximum = 200
        client = try MQTTClient(
            options,
            handlers: MQTTClient.Handlers(
                message: { topic, payload, flags in message(topic, payload, flags.isRetained) },
                event: { event in
                    switch event {
                    case .connected: if filters.isEmpty { link.set { $0.isReady = true } }
                    case .subscribed: link.set { $0.isReady = true }
                    case .filterRefused(_, let error): link.set { $0.error = error }
                    case .disconnected(let error, _): link.set { $0.error = error }
                    case .published, .publishFailed: break
                    }
                }
            )
        )
        client.setSubscriptions(filters.map { MQTTSubscription($0) })
        try client.start()
        let deadline = ContinuousClock.now + .seconds(15)
        while true {
            let (isReady, error) = link.state.withLock { ($0.isReady, $0.error) }
            if isReady, error == nil { return }
            guard error == nil, ContinuousClock.now < deadline else {
                client.stop(within: .zero)
                throw BrokerUnavailable(address: broker.address, error: error)
            }
            _ = link.changed.wait(deadline - .now)
            link.changed.clear()
        }
    }

    /// Publishes at QoS 1; waits while the broker is behind.
    public func publish(topic: String, payload: [UInt8], isRetained: Bool = false) throws {
        while let refusal = offer(topic, payload, isRetained) {
            guard refusal == .queueFull else { throw refusal }
            if let error = state.state.withLock({ $0.error }) {
                throw BrokerUnavailable(address: "\(client.address)", error: error)
            }
            _ = state.changed.wait(.milliseconds(2))
            state.changed.clear()
        }
    }

    /// Why the client would not take a message, or `nil` if it did.
    private func offer(
        _ topic: String,
        _ payload: [UInt8],
        _ isRetained: Bool
    ) -> MQTTPublishRefusal? {
        do {
            _ = try client.publish(topic: topic, payload: payload, isRetained: isRetained)
            return nil
        } catch {
            return error
        }
    }

    /// Waits until the broker has everything, and says goodbye; throws if that took too long.
    public func finish(within limit: Duration = .seconds(60)) throws(BrokerUnavailable) {
        let isDone = client.stop(within: limit)
        guard isDone, client.statistics.queued == 0 else {
            throw BrokerUnavailable(address: "\(client.address)", error: nil)
        }
    }
}

/// The broker cannot be reached.
public struct BrokerUnavailable: Error, CustomStringConvertible {
    /// Where it should be.
    public let address: String
    /// What the connection said; `nil` if it said nothing in time.
    public let error: MQTTError?

    public var description: String {
        "no connection to \(address): \(error.map { "\($0)" } ?? "no answer in time")"
    }
}
