import TocsinThreads

/// Messages that are not worth keeping, on their way to the network thread: a ring for each thread
/// that posts.
///
/// Topic and payload are copied into the ring; nothing is allocated and nothing locked for them. When
/// there is no room, a message is not taken.
final class Posts: Sendable {
    private let rings: [ByteRing]
    private let maximumCount: Int

    /// So many messages at most in each of these rings.
    init(_ rings: [ByteRing], maximumCount: Int) {
        self.rings = rings
        self.maximumCount = maximumCount
    }

    /// Whether nothing waits that was shown.
    var isEmpty: Bool {
        for i in 0..<rings.count where !rings[i].isEmpty { return false }
        return true
    }

    /// How many messages wait.
    var count: Int { rings.reduce(0) { $0 + $1.count } }

    /// How many bytes wait, their heads included.
    var bytes: Int { rings.reduce(0) { $0 + $1.bytes } }

    /// Puts in a message, which is not shown yet; false if there is no room for it.
    ///
    /// - Parameter topic: with a NUL at its end
    func put(topic: Span<UInt8>, payload: Span<UInt8>, ring: Int) -> Bool {
        rings[ring].count < maximumCount && rings[ring].put(topic, payload) != nil
    }

    /// Lets the network thread see what was put into a ring.
    func show(ring: Int) { rings[ring].show() }

    /// Shows the oldest message of a ring and takes it out; false if there is none in any.
    ///
    /// - Parameter body: gets the topic, which ends in a NUL, and the payload
    func takeFirst(_ body: (Span<UInt8>, Span<UInt8>) -> Void) -> Bool {
        for i in 0..<rings.count where rings[i].take({ body($2, $3) }) {
            // Given back only when it is written: a process that is killed now leaves it to the next.
            rings[i].release()
            return true
        }
        return false
    }

    /// Takes out everything; returns how many messages that were.
    func removeAll() -> Int {
        var count = 0
        while takeFirst({ _, _ in }) { count += 1 }
        return count
    }
}
