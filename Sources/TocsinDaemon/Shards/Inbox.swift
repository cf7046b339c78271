import Synchronization
package import TocsinCore
package import TocsinThreads

/// The bounded ring between the network thread and the owner of a fleet.
///
/// One thread puts in, one takes out. A message is copied into the ring as one piece of bytes; nothing
/// is allocated for it. What was taken stands in the ring until ``release()``, so that a process that is
/// killed before leaves it to the next one. What other threads want of the owner (reload, stop, a
/// question) goes into a list beside it.
///
/// When messages come faster than they are taken, the ring fills, and the oldest messages of the busiest
/// topics are left out: beyond a half those of topics of which half as many wait as of the busiest, and
/// more than eight; beyond eight tenths, until it is six tenths full, those of which a quarter as many
/// wait, which may be all. So whoever sends more than others pays first, and what is scored is never
/// far behind. A message for which there is no room at all is not taken. All of them are counted.
///
/// The owner sleeps in ``wait(_:)``; the eventfd is written only for a sleeping owner, so that a busy
/// one costs its senders nothing, and for messages only by ``wake()``, once for many of them.
package final class Inbox: Sendable {
    /// What an entry is; in the bits above stands where its topic is counted.
    private enum Kind {
        static let message: UInt32 = 0
        static let retained: UInt32 = 1
        /// A message of which only the topic was kept; the tag is its size.
        static let oversize: UInt32 = 2
        /// One of the daemon's own, which came back.
        static let echo: UInt32 = 3
        static let mask: UInt32 = 3
        static let bits: UInt32 = 2
    }

    private let ring: ByteRing
    private let isSleeping = Atomic<Bool>(false)
    private let wakeup: Wakeup
    private let controls = Mutex<[ShardEvent]>([])
    private let hasControls = Atomic<Bool>(false)
    private let refused = Atomic<Int>(0)
    private let backlog = Backlog()
    /// Messages that were left out; the owner's.
    private let shed = Atomic<Int>(0)
    private let isFlooded = Atomic<Bool>(false)

    /// An inbox of so many bytes.
    package convenience init(bytes: Int) throws(ThreadError) {
        try self.init(ByteRing(bytes: max(bytes, 256 << 10)))
    }

    /// An inbox over a ring.
    package init(_ ring: ByteRing) throws(ThreadError) {
        self.ring = ring
        wakeup = try Wakeup()
    }

    /// How many messages were left out, or found no room, so far.
    package var overflow: Int {
        refused.load(ordering: .relaxed) + shed.load(ordering: .relaxed)
    }

    /// How full the ring is, 0 … 1.
    var fill: Double { Double(ring.bytes) / Double(ring.size) }

    // MARK: The network thread's side

    /// The largest payload that is kept; of a larger one only its size is.
    ///
    /// A quarter of the ring, so that it always fits into an empty one, wherever that begins.
    var largest: Int { ring.size / 4 }

    /// Puts in a message; ``wake()`` must follow before the network thread waits.
    package func put(topic: Span<UInt8>, payload: Span<UInt8>, arrival: Timestamp, isRetained: Bool)
    {
        let isOversize = payload.count > largest
        let bucket = Backlog.bucket(of: topic)
        let kind = isOversize ? Kind.oversize : isRetained ? Kind.retained : Kind.message
        let place = ring.put(
            kind: kind | UInt32(bucket) << Kind.bits,
            tag: isOversize ? Int64(payload.count) : arrival.microseconds,
            topic,
            isOversize ? payload.extracting(first: 0) : payload,
            reserve: ring.size / 64
        )
        if place == nil {
            refused.add(1, ordering: .relaxed)
        } else {
            backlog.put(bucket)
            ring.show()
        }
    }

    /// Puts in one of the daemon's own messages, for which there is always some room.
    func putEcho(topic: Span<UInt8>, payload: Span<UInt8>) {
        if ring.put(kind: Kind.echo, topic, payload) != nil { ring.show() }
    }

    /// Where the next message will stand, or behind that.
    var end: Int { ring.end }

    // MARK: Everybody else's side

    /// Puts in something that is no message; for any thread.
    func put(_ control: ShardEvent) {
        controls.withLock { $0.append(control) }
        hasControls.store(true, ordering: .sequentiallyConsistent)
        wake()
    }

    // MARK: The owner's side

    /// Takes out what other threads want, oldest first.
    func takeControls() -> [ShardEvent] {
        guard hasControls.exchange(false, ordering: .sequentiallyConsistent) else { return [] }
        return controls.withLock { controls in
            defer { controls.removeAll() }
            return controls
        }
    }

    /// Takes out messages, oldest first; they stand in the ring until ``release()``.
    ///
    /// - Parameters:
    ///   - limit: how many at most
    ///   - message: gets topic, payload, arrival, and whether the message was retained
    ///   - oversize: gets the topic of a message that was too large to be kept, and its size in bytes
    ///   - echo: gets one of the daemon's own messages
    /// - Returns: how many there were
    package func drain(
        limit: Int = .max,
        message: (Span<UInt8>, Span<UInt8>, Timestamp, Bool) -> Void,
        oversize: (Span<UInt8>, Int) -> Void,
        echo: (Span<UInt8>, Span<UInt8>) -> Void = { _, _ in }
    ) -> Int {
        var count = 0
        let fill = fill
        if fill > 0.8 { isFlooded.store(true, ordering: .relaxed) }
        if fill < 0.6 { isFlooded.store(false, ordering: .relaxed) }
        let isFlooded = isFlooded.load(ordering: .relaxed)
        var most = Int.max
        if isFlooded {
            most = (backlog.busiest + 3) / 4 - 1
        } else if fill > 0.5 {
            most = max(backlog.busiest / 2, 8)
        }
        while count < limit {
            let isTaken = ring.take { kind, tag, topic, payload in
                let (kind, bucket) = Self.parts(of: kind)
                guard kind != Kind.echo else { return echo(topic, payload) }
                let waiting = backlog.waiting(bucket)
                backlog.take(bucket)
                if waiting > most {
                    shed.store(shed.load(ordering: .relaxed) + 1, ordering: .relaxed)
                } else if kind == Kind.oversize {
                    oversize(topic, Int(tag))
                } else {
                    message(topic, payload, Timestamp(microseconds: tag), kind == Kind.retained)
                }
            }
            guard isTaken else { break }
            count += 1
        }
        return count
    }

    /// Gives back the room of what was taken.
    package func release() { ring.release() }

    /// Puts in again what an earlier process left in its ring, up to where it had finished.
    func takeOver(_ left: ByteRing, from start: Int, for isOurs: (Span<UInt8>) -> Bool) {
        left.forEach(from: start, to: left.shown.end) { kind, tag, topic, payload in
            let (what, bucket) = Self.parts(of: kind)
            guard what == Kind.echo || isOurs(topic) else { return }
            if ring.put(kind: kind, tag: tag, topic, payload) == nil {
                refused.add(1, ordering: .relaxed)
            } else if what != Kind.echo {
                backlog.put(bucket)
            }
        }
        ring.show()
    }

    private static func parts(of kind: UInt32) -> (kind: UInt32, bucket: Int) {
        (kind & Kind.mask, Int(kind >> Kind.bits) & (Backlog.buckets - 1))
    }

    /// Waits until something is put in, at most for `timeout`.
    func wait(_ timeout: Duration) {
        isSleeping.store(true, ordering: .sequentiallyConsistent)
        if ring.isEmpty, !hasControls.load(ordering: .sequentiallyConsistent) {
            _ = wakeup.wait(timeout)
        }
        isSleeping.store(false, ordering: .sequentiallyConsistent)
        wakeup.clear()
    }

    /// Ends the owner's ``wait(_:)``.
    package func wake() {
        // An owner that went to sleep before it could see the last message is seen here.
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        if isSleeping.exchange(false, ordering: .sequentiallyConsistent) { wakeup.signal() }
    }
}
