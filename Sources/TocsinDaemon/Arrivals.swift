import Synchronization
public import TocsinCore

/// Messages on their way from the network thread into a recording; at most 100,000 wait.
public final class Arrivals: Sendable {
    private let waiting = Mutex<[Message]>([])
    private let refused = Atomic<Int>(0)
    private static let capacity = 100_000

    /// Nothing has arrived.
    public init() {}

    /// How many found too many waiting already.
    public var lost: Int { refused.load(ordering: .relaxed) }

    /// Takes in a message, as of now, or counts it as lost.
    public func append(
        _ topic: Span<UInt8>,
        _ payload: Span<UInt8>,
        _ isRetained: Bool
    ) {
        let arrival = WallClock.systemTime()
        var message = Message(topic: [], payload: [], arrival: arrival, isRetained: isRetained)
        for i in topic.indices { message.topic.append(topic[i]) }
        for i in payload.indices { message.payload.append(payload[i]) }
        let isTaken = waiting.withLock { waiting in
            guard waiting.count < Self.capacity else { return false }
            waiting.append(message)
            return true
        }
        if !isTaken { refused.add(1, ordering: .relaxed) }
    }

    /// Takes out what has arrived, oldest first.
    public func take() -> [Message] {
        waiting.withLock { waiting in
            defer { waiting.removeAll() }
            return waiting
        }
    }
}
