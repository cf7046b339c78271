import Synchronization

/// A bounded ring of entries on their way from one thread to another, in memory that may outlive both.
///
/// One thread puts in, one takes out. An entry is two pieces of bytes and a number, copied into the
/// ring behind a head that says how long they are; nothing is allocated and nothing locked for it.
/// Putting in and showing are two steps, and so are taking out and giving back the room: what belongs
/// together is shown together, and what was taken stands in the ring until its reader is done with
/// it. When there is no room, an entry is not taken.
@safe
public final class ByteRing: @unchecked Sendable {
    // @unchecked: the storage is shared by two threads, each of which only touches the part of it
    // that `head` and `tail` give it.

    /// What both threads know, a cache line for what each writes.
    private struct Places: ~Copyable {
        /// Entries before it may be read; counts up for ever.
        let head: Atomic<Int>
        /// Where the writer puts the next entry.
        let written: Atomic<Int>
        let added: Atomic<Int>
        let pad1: (Int, Int, Int, Int, Int)
        /// Entries before it are given back.
        let tail: Atomic<Int>
        /// Where the reader finds the next entry.
        let read: Atomic<Int>
        let removed: Atomic<Int>
        let pad2: (Int, Int, Int, Int, Int)
    }

    /// What stands before the bytes of an entry.
    private struct Entry: BitwiseCopyable {
        /// The whole entry, a multiple of 8; 0 for nothing up to the end of the storage.
        var length: UInt32
        var first: UInt32
        var second: UInt32
        var kind: UInt32
        var tag: Int64
    }

    /// Bytes of memory beside the storage.
    public static let overhead = 128

    private let places: UnsafeMutablePointer<Places>
    private let storage: UnsafeMutableRawPointer
    /// Bytes of storage.
    public let size: Int
    private let isOwner: Bool

    /// A ring of its own memory, of at least so many bytes.
    public convenience init(bytes: Int) {
        let size = (max(bytes, 1 << 12) + 63) & ~63
        let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Self.overhead + size,
            alignment: 64
        )
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0)
        unsafe self.init(memory, isOwner: true)
    }

    /// The ring in a piece of somebody else's memory, as it stands there; zeros are an empty one.
    public convenience init(in memory: UnsafeMutableRawBufferPointer) {
        unsafe self.init(memory, isOwner: false)
    }

    private init(_ memory: UnsafeMutableRawBufferPointer, isOwner: Bool) {
        guard let base = memory.baseAddress, memory.count > Self.overhead + 64 else {
            preconditionFailure("a ring needs room")
        }
        unsafe places = base.assumingMemoryBound(to: Places.self)
        unsafe storage = base + Self.overhead
        size = (memory.count - Self.overhead) & ~63
        self.isOwner = isOwner
    }

    deinit {
        if isOwner { unsafe UnsafeMutableRawPointer(places).deallocate() }
    }

    /// Whether nothing that was shown waits to be taken.
    public var isEmpty: Bool {
        unsafe places.pointee.head.load(ordering: .sequentiallyConsistent)
            == places.pointee.read.load(ordering: .relaxed)
    }

    /// How many entries wait, those that are not shown yet included.
    public var count: Int {
        unsafe places.pointee.added.load(ordering: .relaxed)
            - places.pointee.removed.load(ordering: .relaxed)
    }

    /// How many bytes are taken up, heads included.
    public var bytes: Int {
        unsafe places.pointee.written.load(ordering: .relaxed)
            - places.pointee.tail.load(ordering: .relaxed)
    }
}

extension ByteRing {
    // MARK: The writer's side

    /// Puts in an entry, which is not shown yet; returns where it stands, or `nil` if there is no room
    /// for it.
    ///
    /// - Parameters:
    ///   - kind: as told to the reader
    ///   - tag: as told to the reader
    ///   - reserve: bytes that must stay free
    public func put(
        kind: UInt32 = 0,
        tag: Int64 = 0,
        _ first: Span<UInt8>,
        _ second: Span<UInt8>,
        reserve: Int = 0
    ) -> Int? {
        let headSize = MemoryLayout<Entry>.stride
        let length = (headSize + first.count + second.count + 7) & ~7
        var start = unsafe places.pointee.written.load(ordering: .relaxed)
        let free = unsafe size - (start - places.pointee.tail.load(ordering: .acquiring))
        let untilEnd = size - start % size
        let skipped = untilEnd < length ? untilEnd : 0
        guard length + skipped + reserve <= free, length <= UInt32.max else { return nil }
        if skipped > 0 {
            // Entries and storage are multiples of 8: the length always fits.
            unsafe (storage + start % size).storeBytes(of: 0, as: UInt32.self)
            start += skipped
        }
        let entry = Entry(
            length: UInt32(length),
            first: UInt32(first.count),
            second: UInt32(second.count),
            kind: kind,
            tag: tag
        )
        let place = unsafe storage + start % size
        unsafe place.storeBytes(of: entry, as: Entry.self)
        unsafe copy(first, to: place + headSize)
        unsafe copy(second, to: place + headSize + first.count)
        unsafe places.pointee.written.store(start + length, ordering: .relaxed)
        let added = unsafe places.pointee.added.load(ordering: .relaxed)
        unsafe places.pointee.added.store(added + 1, ordering: .relaxed)
        return start
    }

    private func copy(_ bytes: Span<UInt8>, to place: UnsafeMutableRawPointer) {
        unsafe bytes.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            unsafe place.copyMemory(from: start, byteCount: bytes.count)
        }
    }

    /// Shows what was put in.
    public func show() {
        // Sequentially consistent: before the look at whether the reader sleeps.
        unsafe places.pointee.head.store(
            places.pointee.written.load(ordering: .relaxed),
            ordering: .sequentiallyConsistent
        )
    }

    /// Where the writer stands; see ``forEach(from:to:_:)``.
    public var end: Int { unsafe places.pointee.written.load(ordering: .relaxed) }
}

extension ByteRing {
    // MARK: The reader's side

    /// Shows the oldest entry that was not taken yet, and takes it; false if there is none.
    ///
    /// Its room is given back by ``release()``.
    public func take(_ body: (UInt32, Int64, Span<UInt8>, Span<UInt8>) -> Void) -> Bool {
        let end = unsafe places.pointee.head.load(ordering: .acquiring)
        let start = unsafe places.pointee.read.load(ordering: .relaxed)
        guard let next = show(start, end, body) else { return false }
        unsafe places.pointee.read.store(next, ordering: .relaxed)
        let removed = unsafe places.pointee.removed.load(ordering: .relaxed)
        unsafe places.pointee.removed.store(removed + 1, ordering: .relaxed)
        return true
    }

    /// Gives back the room of what was taken.
    public func release() {
        unsafe places.pointee.tail.store(position, ordering: .releasing)
    }

    /// Changes the kind of an entry that was not given back, by its place.
    public func mark(_ place: Int, kind: UInt32) {
        let offset = place % size + 12
        precondition(MemoryLayout<Entry>.offset(of: \.kind) == 12 && offset + 4 <= size)
        unsafe (storage + offset).storeBytes(of: kind, as: UInt32.self)
    }

    /// Where the reader stands; see ``forEach(from:to:_:)``.
    public var position: Int { unsafe places.pointee.read.load(ordering: .relaxed) }

    /// Shows the entries between two places, taking none: what an earlier process left.
    public func forEach(
        from start: Int,
        to end: Int,
        _ body: (_ kind: UInt32, _ tag: Int64, Span<UInt8>, Span<UInt8>) -> Void
    ) {
        guard start >= 0, end >= start, end - start <= size else { return }
        var place = start
        while let next = show(place, end, body) { place = next }
    }

    /// Everything that was shown and not given back; see ``forEach(from:to:_:)``.
    public var shown: (start: Int, end: Int) {
        unsafe (
            places.pointee.tail.load(ordering: .acquiring),
            places.pointee.head.load(ordering: .acquiring)
        )
    }

    /// Shows the entry at a place; returns where the next one is, or `nil` if there is none.
    @inline(__always)
    private func show(
        _ place: Int,
        _ end: Int,
        _ body: (UInt32, Int64, Span<UInt8>, Span<UInt8>) -> Void
    ) -> Int? {
        var start = place
        guard start < end else { return nil }
        if unsafe (storage + start % size).load(as: UInt32.self) == 0 {
            start += size - start % size
            guard start < end else { return nil }
        }
        let offset = start % size
        let entry = unsafe (storage + offset).load(as: Entry.self)
        let first = offset + MemoryLayout<Entry>.stride
        let second = first + Int(entry.first)
        let last = second + Int(entry.second)
        // An earlier process may have left anything.
        guard last <= offset + Int(entry.length), offset + Int(entry.length) <= size else {
            return nil
        }
        let a = unsafe UnsafeRawBufferPointer(start: storage + first, count: Int(entry.first))
        let b = unsafe UnsafeRawBufferPointer(start: storage + second, count: Int(entry.second))
        unsafe a.withMemoryRebound(to: UInt8.self) { a in
            unsafe b.withMemoryRebound(to: UInt8.self) { b in
                unsafe body(entry.kind, entry.tag, a.span, b.span)
            }
        }
        return start + Int(entry.length)
    }
}
