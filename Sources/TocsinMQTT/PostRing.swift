import Synchronization

/// The bounded ring of messages that are not worth keeping, on their way to the network thread.
///
/// One thread puts in, the network thread takes out. Topic and payload are copied into the ring,
/// behind a head that says how long they are; nothing is allocated and nothing locked for them. When
/// there is no room, a message is not taken.
@safe final class PostRing: @unchecked Sendable {
    // @unchecked: the storage is shared by two threads, each of which only touches the part of it
    // that `head` and `tail` give it.

    /// What stands before the bytes of a message.
    private struct Head {
        /// The whole entry, a multiple of 8; 0 for nothing up to the end of the storage.
        var length: UInt32
        /// The topic with the NUL at its end.
        var topic: UInt32
        var payload: UInt32
    }

    private let storage: UnsafeMutableRawBufferPointer
    private let maximumCount: Int
    /// Where the next entry goes; counts up for ever.
    private let head = Atomic<Int>(0)
    /// Where the oldest entry stands.
    private let tail = Atomic<Int>(0)
    private let added = Atomic<Int>(0)
    private let removed = Atomic<Int>(0)

    /// A ring of so many messages and bytes at most.
    init(maximumCount: Int, bytes: Int) {
        self.maximumCount = maximumCount
        unsafe storage = .allocate(byteCount: (max(bytes, 1 << 16) + 7) & ~7, alignment: 64)
    }

    deinit {
        unsafe storage.deallocate()
    }

    /// Whether nothing waits.
    var isEmpty: Bool {
        head.load(ordering: .sequentiallyConsistent) == tail.load(ordering: .relaxed)
    }

    /// How many messages wait.
    var count: Int { added.load(ordering: .relaxed) - removed.load(ordering: .relaxed) }

    /// How many bytes wait, their heads included.
    var bytes: Int { head.load(ordering: .relaxed) - tail.load(ordering: .relaxed) }

    /// Puts in a message; false if there is no room for it.
    func put(topic: Span<UInt8>, payload: Span<UInt8>) -> Bool {
        let size = unsafe storage.count
        let headSize = MemoryLayout<Head>.stride
        let length = (headSize + topic.count + payload.count + 7) & ~7
        var start = head.load(ordering: .relaxed)
        let free = size - (start - tail.load(ordering: .acquiring))
        let untilEnd = size - start % size
        let skipped = untilEnd < length ? untilEnd : 0
        guard length + skipped <= free, count < maximumCount else { return false }
        if skipped > 0 {
            // Entries and storage are multiples of 8: the length always fits.
            unsafe storage.storeBytes(of: 0, toByteOffset: start % size, as: UInt32.self)
            start += skipped
        }
        let entry = Head(
            length: UInt32(length),
            topic: UInt32(topic.count),
            payload: UInt32(payload.count)
        )
        let offset = start % size
        unsafe storage.storeBytes(of: entry, toByteOffset: offset, as: Head.self)
        let place = unsafe UnsafeMutableRawBufferPointer(
            rebasing: storage[offset + headSize..<offset + length]
        )
        unsafe topic.withUnsafeBytes { unsafe place.copyMemory(from: $0) }
        let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: place[topic.count...])
        unsafe payload.withUnsafeBytes { unsafe rest.copyMemory(from: $0) }
        added.store(added.load(ordering: .relaxed) + 1, ordering: .relaxed)
        // Before the look at whether the other thread sleeps.
        head.store(start + length, ordering: .sequentiallyConsistent)
        return true
    }

    /// Shows the oldest message and takes it out; false if there is none.
    ///
    /// - Parameter body: gets the topic, which ends in a NUL, and the payload
    func takeFirst(_ body: (Span<UInt8>, Span<UInt8>) -> Void) -> Bool {
        let size = unsafe storage.count
        let end = head.load(ordering: .acquiring)
        var start = tail.load(ordering: .relaxed)
        guard start < end else { return false }
        if unsafe storage.load(fromByteOffset: start % size, as: UInt32.self) == 0 {
            start += size - start % size
        }
        let offset = start % size
        let entry = unsafe storage.load(fromByteOffset: offset, as: Head.self)
        let first = offset + MemoryLayout<Head>.stride
        let rest = first + Int(entry.topic)
        let topic = unsafe UnsafeRawBufferPointer(storage)[first..<rest]
        let payload = unsafe UnsafeRawBufferPointer(storage)[rest..<rest + Int(entry.payload)]
        unsafe topic.withMemoryRebound(to: UInt8.self) { topic in
            unsafe payload.withMemoryRebound(to: UInt8.self) { payload in
                unsafe body(topic.span, payload.span)
            }
        }
        removed.store(removed.load(ordering: .relaxed) + 1, ordering: .relaxed)
        tail.store(start + Int(entry.length), ordering: .releasing)
        return true
    }

    /// Takes out everything; returns how many messages that were.
    func removeAll() -> Int {
        var count = 0
        while takeFirst({ _, _ in }) { count += 1 }
        return count
    }
}
