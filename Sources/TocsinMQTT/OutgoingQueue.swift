/// A QoS 1 message on its way to the broker.
struct OutgoingMessage: Sendable {
    let token: MQTTToken
    let topic: String
    let payload: [UInt8]
    let isRetained: Bool
    /// Whether it is sent again where the connection ended before the broker's answer.
    let isRepeated: Bool
    /// When it is no longer worth sending.
    let deadline: ContinuousClock.Instant?

    /// What it counts for in the bound on bytes.
    var size: Int { topic.utf8.count + payload.count }
}

/// The messages that wait for the broker, in order, bounded in number and bytes.
///
/// Messages in flight have left the queue (libmosquitto keeps them until they are acknowledged), but
/// still count.
struct OutgoingQueue {
    private let maximumCount: Int
    private let maximumBytes: Int
    /// Taken slots at the front are `nil` until the array is compacted.
    private var messages: [OutgoingMessage?] = []
    private var front = 0
    private var inFlight = 0
    private(set) var bytes = 0

    init(maximumCount: Int, maximumBytes: Int) {
        self.maximumCount = maximumCount
        self.maximumBytes = maximumBytes
    }

    /// How many messages wait, those in flight included.
    var count: Int { messages.count - front + inFlight }

    /// How many messages wait to be handed over.
    var waiting: Int { messages.count - front }

    /// Whether there is nothing to hand over.
    var isEmpty: Bool { front == messages.count }

    /// Takes in a message; false if that would be too much.
    mutating func append(_ message: OutgoingMessage) -> Bool {
        guard count < maximumCount, bytes + message.size <= maximumBytes else { return false }
        messages.append(message)
        bytes += message.size
        return true
    }

    /// Hands out the first message; it counts until it is ``settle(size:)``d.
    mutating func takeFirst() -> OutgoingMessage? {
        guard front < messages.count, let message = messages[front] else { return nil }
        messages[front] = nil
        front += 1
        inFlight += 1
        // Amortised: each compaction moves no more slots than were taken since the last one.
        if front * 2 >= messages.count {
            messages.removeFirst(front)
            front = 0
        }
        return message
    }

    /// Puts messages that were taken back to the front, in order.
    mutating func putBack(_ taken: [OutgoingMessage]) {
        guard !taken.isEmpty else { return }
        messages.replaceSubrange(..<front, with: taken)
        front = 0
        inFlight -= taken.count
    }

    /// Removes the messages that are not to be sent on another connection.
    mutating func removeUnrepeated() -> [OutgoingMessage] {
        let removed = messages[front...].compactMap { $0 }.filter { !$0.isRepeated }
        guard !removed.isEmpty else { return [] }
        messages = messages[front...].filter { $0?.isRepeated == true }
        front = 0
        for message in removed { bytes -= message.size }
        return removed
    }

    /// Forgets a message that was taken.
    mutating func settle(size: Int) {
        inFlight -= 1
        bytes -= size
    }
}
