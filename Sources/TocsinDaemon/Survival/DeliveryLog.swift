import Synchronization
import TocsinCore
import TocsinMQTT

/// The messages of QoS 1 that came last, for all shards, in memory that outlives the process.
///
/// The broker sends a message again that it has no acknowledgement of. Whoever was killed, or cut off, between
/// putting a message into a ring and acknowledging it would count it twice. An entry is written before
/// its message is put in, with the place where that will stand; it counts if the ring came beyond that.
@safe
final class DeliveryLog: @unchecked Sendable {
    // @unchecked: only the network thread writes it; it is read at start, before there is one.

    private struct Entry: BitwiseCopyable {
        var identifier: UInt16
        /// The ring's number, and where the message stands in it, or behind that.
        var shard: UInt32
        var place: Int
        var content: UInt64
    }

    private struct Head: ~Copyable {
        /// Entries so far; that of number `n` stands at `n % size`.
        let count: Atomic<Int>
    }

    /// As many as the broker sends without an acknowledgement, and some more.
    private static let size = 1024
    /// Bytes of memory.
    static let bytes = (64 + size * MemoryLayout<Entry>.stride + 4095) & ~4095

    private let head: UnsafeMutablePointer<Head>
    private let entries: UnsafeMutablePointer<Entry>

    /// The log in a piece of memory, as it stands there; zeros are an empty one.
    init(in memory: UnsafeMutableRawBufferPointer) {
        guard let base = memory.baseAddress, memory.count >= Self.bytes else {
            preconditionFailure("a log needs room")
        }
        unsafe head = base.assumingMemoryBound(to: Head.self)
        unsafe entries = (base + 64).assumingMemoryBound(to: Entry.self)
    }

    /// Writes down a message that will stand at a place of a shard's ring, or behind it.
    func note(_ delivery: Delivery, shard: Int, place: Int) {
        let number = unsafe head.pointee.count.load(ordering: .relaxed)
        unsafe entries[number % Self.size] = Entry(
            identifier: delivery.identifier,
            shard: UInt32(truncatingIfNeeded: shard),
            place: place,
            content: delivery.content
        )
        unsafe head.pointee.count.store(number + 1, ordering: .releasing)
    }

    /// Writes down what an earlier process has put in.
    func takeOver(_ deliveries: [Delivery]) {
        for delivery in deliveries { note(delivery, shard: 0, place: -1) }
    }

    /// Forgets everything.
    func clear() { unsafe head.pointee.count.store(0, ordering: .releasing) }

    /// The messages that were put in, oldest first.
    ///
    /// - Parameter ends: where the last that each ring shows ends
    func deliveries(until ends: [Int]) -> [Delivery] {
        let count = max(unsafe head.pointee.count.load(ordering: .acquiring), 0)
        return (max(count - Self.size, 0)..<count).compactMap { number in
            let entry = unsafe entries[number % Self.size]
            // An earlier process may have left anything.
            guard ends.indices.contains(Int(entry.shard)), entry.place < ends[Int(entry.shard)]
            else { return nil }
            return Delivery(identifier: entry.identifier, content: entry.content)
        }
    }
}

/// A message of QoS 1, by what the broker calls it and what is in it.
struct Delivery: Equatable, Sendable {
    /// The packet's identifier.
    let identifier: UInt16
    /// A hash of topic and payload.
    let content: UInt64

    init(identifier: UInt16, content: UInt64) {
        self.identifier = identifier
        self.content = content
    }

    /// A message as it came.
    init(_ topic: Span<UInt8>, _ payload: Span<UInt8>, _ identifier: UInt16) {
        self.identifier = identifier
        content = topic.stableHash &* 31 &+ payload.stableHash
    }
}

/// Recognises messages that the broker sends again.
///
/// When a session is resumed, the broker first sends what it has no acknowledgement of, in the same order and
/// under the same identifiers (MQTT 5, 4.4); so the first message that is new ends the search, and so does
/// time. An identifier that is used for another message in between has other content: but a device may say the
/// same for hours, and a broker that fell back to what it saved last uses the latest identifiers again.
struct Redelivery {
    private var known: [UInt16: UInt64] = [:]
    /// Until when messages are searched for; `nil` if none are.
    private var end: Timestamp?
    /// How long it may take until all have come.
    static let patience = Duration.seconds(10)

    /// A session begins or goes on.
    ///
    /// - Parameters:
    ///   - deliveries: what was put in last, oldest first; none if the session is new
    ///   - now: on the clock that messages are stamped by
    mutating func begin(_ deliveries: [Delivery], now: Timestamp) {
        known.removeAll(keepingCapacity: true)
        for delivery in deliveries { known[delivery.identifier] = delivery.content }
        end = known.isEmpty ? nil : now + Self.patience
    }

    /// Whether a message has been put in before.
    mutating func recognises(_ delivery: Delivery, now: Timestamp) -> Bool {
        guard let end else { return false }
        guard now < end, known.removeValue(forKey: delivery.identifier) == delivery.content else {
            self.end = nil
            return false
        }
        return true
    }
}
