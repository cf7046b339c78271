internal import CTocsinKernels
internal import Synchronization

/// What records were before the batch that is under way changed them.
///
/// It lies in the same mapped file as the records. Whoever changes a record saves it here first, once
/// per batch; when a batch is over and its owner has written that down, ``begin(_:)`` makes the log
/// empty. A process that is killed at any instruction leaves records and log such that
/// ``rollBack(to:size:)`` makes of them what they were when the last finished batch ended. (An undo log, as
/// in Gray and Reuter, Transaction Processing, 1992, section 10.3; no write is forced, because memory
/// outlives its process whole.)
@safe
public struct UndoLog: BitwiseCopyable, @unchecked Sendable {
    // @unchecked: only the thread that owns the records writes.

    /// What stands at the beginning of the log.
    private struct Head: ~Copyable {
        /// The batch whose changes can be undone.
        let batch: Atomic<UInt64>
        /// Bytes of entries.
        let used: Atomic<Int>
    }

    /// What stands before the bytes of an entry: where they came from, and how many they are.
    private struct Entry: BitwiseCopyable {
        var offset: Int
        var length: Int
    }

    /// Bytes before those of an entry: a cache line, so that copies run from line to line.
    private static let entryStart = 64

    private let origin: UnsafeMutableRawPointer
    private let head: UnsafeMutablePointer<Head>
    private let entries: UnsafeMutableRawPointer
    private let capacity: Int

    /// The log in a piece of mapped memory.
    ///
    /// - Parameters:
    ///   - memory: where it lies, at a cache line; zeros are an empty log
    ///   - origin: the beginning of the mapping, which entries count from
    public init(_ memory: UnsafeMutableRawBufferPointer, origin: UnsafeMutableRawPointer) {
        guard let base = memory.baseAddress, memory.count > 4096 else {
            preconditionFailure("a log needs room")
        }
        unsafe self.origin = origin
        unsafe head = base.assumingMemoryBound(to: Head.self)
        unsafe entries = base + 64
        capacity = memory.count - 64
    }

    /// The batch that is under way.
    var batch: UInt64 {
        @inline(__always) get { unsafe head.pointee.batch.load(ordering: .relaxed) }
    }

    /// Saves what is about to be changed; it begins at a cache line.
    func save(_ start: UnsafeMutableRawPointer, _ length: Int) {
        let used = unsafe head.pointee.used.load(ordering: .relaxed)
        let next = used + Self.size(of: length)
        precondition(next <= capacity, "a batch changes more than its log can hold")
        let entry = unsafe Entry(offset: start - origin, length: length)
        unsafe (entries + used).storeBytes(of: entry, as: Entry.self)
        unsafe tocsin_copy_lines(entries + used + Self.entryStart, start, length)
        // What follows changes the original: not before the copy counts. A process that is killed has
        // done all that stands before some instruction and nothing behind it, so the compiler's order
        // is all that matters.
        unsafe head.pointee.used.store(next, ordering: .releasing)
        atomicMemoryFence(ordering: .acquiringAndReleasing)
    }

    /// Bytes from an entry to the next.
    private static func size(of length: Int) -> Int { (entryStart + length + 63) & ~63 }

    /// Begins a batch; what the last one changed stays.
    public func begin(_ batch: UInt64) {
        unsafe head.pointee.used.store(0, ordering: .releasing)
        unsafe head.pointee.batch.store(batch, ordering: .releasing)
    }

    /// Undoes what a batch changed that never finished.
    ///
    /// - Parameters:
    ///   - finished: the last batch that did
    ///   - size: bytes of the mapping; what points beyond it is left alone
    public func rollBack(to finished: UInt64, size: Int) {
        guard batch == finished + 1 else { return }
        let used = unsafe min(head.pointee.used.load(ordering: .acquiring), capacity)
        var place = 0
        while place + Self.entryStart <= used {
            let entry = unsafe (entries + place).load(as: Entry.self)
            guard entry.length > 0, entry.length <= used - place - Self.entryStart,
                entry.offset >= 0,
                entry.offset <= size - entry.length
            else { return }
            unsafe (origin + entry.offset).copyMemory(
                from: entries + place + Self.entryStart,
                byteCount: entry.length
            )
            place += Self.size(of: entry.length)
        }
    }
}
