import Synchronization
package import TocsinCore
package import TocsinMQTT
package import TocsinThreads

/// The bounded ring between the network thread and the owner of the fleet.
///
/// One thread puts in, one takes out. A message is copied into the ring as one piece of bytes, behind
/// a head that says how long its parts are; nothing is allocated for it. Everything else that happens
/// to the connection keeps its place among the messages: the ring holds a mark for it, a list beside
/// it the event. When the ring is full a message is not taken and counted; marks always find room. What
/// other threads want of the owner (reload, stop, a question) goes into a second list.
///
/// The owner sleeps in ``wait(_:)``; the eventfd is written only for a sleeping owner, so that a busy
/// one costs its senders nothing, and for messages only by ``wake()``, once for many of them.
@safe package final class Inbox: @unchecked Sendable {
    // @unchecked: the storage is shared by two threads, each of which only touches the part of it
    // that `head` and `tail` give it.

    /// What stands before the bytes of a message.
    private struct Head {
        /// The whole entry, a multiple of 8.
        var length: UInt32
        var topic: UInt32
        var payload: UInt32
        var kind: Kind
        var isRetained: Bool
        var arrival: Int64
    }

    private enum Kind: UInt8 {
        case message
        /// A message of which only the topic was kept.
        case oversize
        case event
        /// Nothing up to the end of the storage.
        case end
    }

    private let storage: UnsafeMutableRawBufferPointer
    /// Where the next entry goes; counts up for ever.
    private let head = Atomic<Int>(0)
    /// Where the oldest entry stands.
    private let tail = Atomic<Int>(0)
    private let isSleeping = Atomic<Bool>(false)
    private let wakeup: Wakeup
    private let events = Mutex(MarkedEvents())
    private let controls = Mutex<[Event]>([])
    private let hasControls = Atomic<Bool>(false)
    private let refused = Atomic<Int>(0)

    /// Room that is kept for marks.
    private static let reserve = 64 * 1024

    /// An inbox of so many bytes, rounded up to a multiple of 8.
    package init(bytes: Int) throws(ThreadError) {
        wakeup = try Wakeup()
        let size = (max(bytes, 4 * Self.reserve) + 7) & ~7
        unsafe storage = .allocate(byteCount: size, alignment: 64)
    }

    deinit {
        unsafe storage.deallocate()
    }

    /// How many messages found no room so far.
    package var overflow: Int { refused.load(ordering: .relaxed) }

    /// How full the ring is, 0 … 1.
    var fill: Double {
        let used = head.load(ordering: .relaxed) - tail.load(ordering: .relaxed)
        return unsafe Double(used) / Double(storage.count)
    }

    // MARK: The network thread's side

    /// The largest payload that is kept; of a larger one only its size is.
    ///
    /// A quarter of the ring, so that it always fits into an empty one, wherever that begins.
    var largest: Int { unsafe storage.count / 4 }

    /// Puts in a message; ``wake()`` must follow before the network thread waits.
    package func put(topic: Span<UInt8>, payload: Span<UInt8>, arrival: Timestamp, isRetained: Bool)
    {
        let isOversize = payload.count > largest
        let entry = Head(
            length: 0,
            topic: UInt32(topic.count),
            payload: UInt32(clamping: payload.count),
            kind: isOversize ? .oversize : .message,
            isRetained: isRetained,
            arrival: arrival.microseconds
        )
        let isPut = unsafe put(entry, reserve: Self.reserve) { place in
            unsafe topic.withUnsafeBytes { unsafe place.copyMemory(from: $0) }
            guard !isOversize else { return }
            let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: place[topic.count...])
            unsafe payload.withUnsafeBytes { unsafe rest.copyMemory(from: $0) }
        }
        if !isPut { refused.add(1, ordering: .relaxed) }
    }

    /// Puts in an event of the connection.
    func put(_ event: MQTTEvent) {
        let mark = Head(
            length: 0,
            topic: 0,
            payload: 0,
            kind: .event,
            isRetained: false,
            arrival: 0
        )
        // Only this thread puts in, so that the room found here is still there for the mark. The
        // reserve holds some thousand marks; an event beyond that comes out when the ring is empty.
        let isMarked = room(for: mark, reserve: 0) != nil
        events.withLock { $0.append(event, isMarked: isMarked) }
        if isMarked { _ = unsafe put(mark, reserve: 0) { _ in } }
        wake()
    }

    /// Where an entry would begin and how long it would be; `nil` if there is no room for it.
    private func room(for entry: Head, reserve: Int) -> (start: Int, skipped: Int, length: Int)? {
        let size = unsafe storage.count
        let content = Int(entry.topic) + (entry.kind == .oversize ? 0 : Int(entry.payload))
        let length = (MemoryLayout<Head>.stride + content + 7) & ~7
        let start = head.load(ordering: .relaxed)
        let free = size - (start - tail.load(ordering: .acquiring))
        let untilEnd = size - start % size
        let skipped = untilEnd < length ? untilEnd : 0
        return length + skipped + reserve <= free ? (start, skipped, length) : nil
    }

    private func put(
        _ entry: Head,
        reserve: Int,
        fill: (UnsafeMutableRawBufferPointer) -> Void
    ) -> Bool {
        guard let (place, skipped, length) = room(for: entry, reserve: reserve) else {
            return false
        }
        let size = unsafe storage.count
        let headSize = MemoryLayout<Head>.stride
        var start = place
        if skipped > 0 {
            if skipped >= headSize {
                var end = entry
                end.kind = .end
                unsafe storage.storeBytes(of: end, toByteOffset: start % size, as: Head.self)
            }
            start += skipped
        }
        var entry = entry
        entry.length = UInt32(length)
        let offset = start % size
        unsafe storage.storeBytes(of: entry, toByteOffset: offset, as: Head.self)
        unsafe fill(
            UnsafeMutableRawBufferPointer(rebasing: storage[offset + headSize..<offset + length])
        )
        head.store(start + length, ordering: .releasing)
        return true
    }

    // MARK: Everybody else's side

    /// Puts in something that is no message and of no connection; for any thread.
    func put(_ control: Event) {
        controls.withLock { $0.append(control) }
        hasControls.store(true, ordering: .sequentiallyConsistent)
        wake()
    }

    // MARK: The owner's side

    /// Takes out what other threads want, oldest first.
    func takeControls() -> [Event] {
        guard hasControls.exchange(false, ordering: .sequentiallyConsistent) else { return [] }
        return controls.withLock { controls in
            defer { controls.removeAll() }
            return controls
        }
    }

    /// Takes out everything that is there, oldest first.
    ///
    /// - Parameters:
    ///   - message: gets topic, payload, arrival, and whether the message was retained
    ///   - oversize: gets the topic of a message that was too large to be kept, and its size in bytes
    ///   - event: gets what happened to the connection
    package func drain(
        message: (Span<UInt8>, Span<UInt8>, Timestamp, Bool) -> Void,
        oversize: (Span<UInt8>, Int) -> Void,
        event: (MQTTEvent) -> Void
    ) {
        let size = unsafe storage.count
        let headSize = MemoryLayout<Head>.stride
        let end = head.load(ordering: .acquiring)
        var start = tail.load(ordering: .relaxed)
        while start < end {
            let offset = start % size
            guard size - offset >= headSize else {
                start += size - offset
                continue
            }
            let entry = unsafe storage.load(fromByteOffset: offset, as: Head.self)
            switch entry.kind {
            case .end:
                start += size - offset
                continue
            case .event:
                for found in events.withLock({ $0.takeMarked() }) { event(found) }
            case .oversize:
                let first = offset + headSize
                let bytes = unsafe UnsafeRawBufferPointer(storage)
                let topic = unsafe bytes[first..<first + Int(entry.topic)]
                unsafe topic.withMemoryRebound(to: UInt8.self) { topic in
                    unsafe oversize(topic.span, Int(entry.payload))
                }
            case .message:
                let first = offset + headSize
                let bytes = unsafe UnsafeRawBufferPointer(storage)
                let topic = unsafe bytes[first..<first + Int(entry.topic)]
                let rest = first + Int(entry.topic)
                let payload = unsafe bytes[rest..<rest + Int(entry.payload)]
                unsafe topic.withMemoryRebound(to: UInt8.self) { topic in
                    unsafe payload.withMemoryRebound(to: UInt8.self) { payload in
                        let arrival = Timestamp(microseconds: entry.arrival)
                        unsafe message(topic.span, payload.span, arrival, entry.isRetained)
                    }
                }
            }
            start += Int(entry.length)
            tail.store(start, ordering: .releasing)
        }
        tail.store(start, ordering: .releasing)
        guard head.load(ordering: .acquiring) == start else { return }
        for found in events.withLock({ $0.takeUnmarked() }) { event(found) }
    }

    /// Waits until something is put in, at most for `timeout`.
    func wait(_ timeout: Duration) {
        isSleeping.store(true, ordering: .sequentiallyConsistent)
        if head.load(ordering: .sequentiallyConsistent) == tail.load(ordering: .relaxed),
            !hasControls.load(ordering: .sequentiallyConsistent)
        {
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

/// Events in order, each with whether a mark in the ring stands for it.
private struct MarkedEvents {
    private var events: [(event: MQTTEvent, isMarked: Bool)] = []
    /// Those before it were taken.
    private var front = 0

    mutating func append(_ event: MQTTEvent, isMarked: Bool) {
        events.append((event, isMarked))
    }

    /// The next event with a mark, and before it those without that precede it.
    mutating func takeMarked() -> [MQTTEvent] {
        var taken = takeUnmarked()
        if front < events.count {
            taken.append(events[front].event)
            front += 1
        }
        compact()
        return taken
    }

    /// The events without a mark that come next.
    mutating func takeUnmarked() -> [MQTTEvent] {
        var taken: [MQTTEvent] = []
        while front < events.count, !events[front].isMarked {
            taken.append(events[front].event)
            front += 1
        }
        compact()
        return taken
    }

    /// Amortised: moves no more events than were taken since the last time.
    private mutating func compact() {
        guard front * 2 > events.count else { return }
        events.removeFirst(front)
        front = 0
    }
}
