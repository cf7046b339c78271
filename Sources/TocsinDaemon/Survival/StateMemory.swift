import CLinux
import Glibc
import Synchronization
package import TocsinCore
package import TocsinThreads

/// All that one shard must not lose, in a file that lies in memory and outlives the process.
///
/// Messages that wait, records of devices, score messages on their way, alerts without an
/// acknowledgement. systemd keeps the file's descriptor (sd_pid_notify_with_fds(3), `FDSTORE=1`), so
/// SIGKILL, a watchdog's abort, `systemctl restart` and an upgrade leave it as it stood at that
/// instruction.
///
/// Work is done in batches. What a batch reads stays in its ring, what it changes is saved in the
/// undo log, what it writes is not shown, until ``commit(half:shares:)`` makes all of it true by one
/// store of eight bytes. The next process undoes the batch that never finished, and finds its messages
/// where they were: it does again what the killed one would have done, bit for bit.
///
/// The file is far larger than what is in it; only pages that were written take up memory.
@safe
package final class StateMemory: @unchecked Sendable {
    // @unchecked: the rings are made for two threads; the rest belongs to the shard's.

    package let descriptor: Int32
    private let base: UnsafeMutableRawPointer
    private let head: UnsafeMutablePointer<MemoryHead>
    private let size: Int

    /// Messages on their way in.
    package let inbox: ByteRing
    /// What the broker may send again; that of the first shard counts for all.
    let deliveries: DeliveryLog
    /// Scores on their way out.
    package let posts: ByteRing
    /// Alerts that wait for the broker's acknowledgement.
    let letters: ByteRing
    /// Where the devices' records lie.
    package let region: RecordRegion

    /// A new one, in which nothing is.
    ///
    /// - Parameters:
    ///   - inbox: bytes for messages that wait
    ///   - posts: bytes for score messages that wait
    ///   - letters: bytes for alerts that wait
    package convenience init(inbox: Int, posts: Int, letters: Int = 32 << 20) throws(ThreadError) {
        func pages(_ bytes: Int) -> Int { (max(bytes, 1 << 16) + ByteRing.overhead + 4095) & ~4095 }
        let sizes = MemoryHead.Sizes(
            inbox: pages(inbox),
            posts: pages(posts),
            letters: pages(letters)
        )
        let size = sizes.total
        let descriptor = unsafe clinux_memory_file("tocsin-state", size)
        guard descriptor >= 0 else { throw ThreadError(call: "memfd_create", code: errno) }
        guard let base = unsafe clinux_map(descriptor, UInt(size)) else {
            let code = errno
            close(descriptor)
            throw ThreadError(call: "mmap", code: code)
        }
        let head = unsafe base.assumingMemoryBound(to: MemoryHead.self)
        unsafe head.pointee.magic = MemoryHead.magic
        unsafe head.pointee.form = MemoryHead.form
        unsafe head.pointee.size = size
        unsafe head.pointee.sizes = sizes
        unsafe self.init(descriptor, base, sizes)
        region.undo.begin(1)
    }

    /// The one that an earlier process left; `nil` if it is something else, of another version, or
    /// was never complete.
    ///
    /// Undoes what that process began and did not finish.
    package convenience init?(left descriptor: Int32) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            status.st_size > MemoryHead.room
        else { return nil }
        let size = Int(status.st_size)
        guard let base = unsafe clinux_map(descriptor, UInt(size)) else { return nil }
        let head = unsafe base.assumingMemoryBound(to: MemoryHead.self)
        guard unsafe head.pointee.magic == MemoryHead.magic,
            unsafe head.pointee.form == MemoryHead.form,
            unsafe head.pointee.size == size, unsafe head.pointee.sizes.total == size,
            unsafe head.pointee.sizes.isPlausible,
            unsafe head.pointee.isComplete.load(ordering: .acquiring) == 1
        else {
            unsafe munmap(base, size)
            return nil
        }
        unsafe self.init(descriptor, base, head.pointee.sizes)
        region.undo.rollBack(to: finished, size: size)
    }

    private init(
        _ descriptor: Int32,
        _ base: UnsafeMutableRawPointer,
        _ sizes: MemoryHead.Sizes
    ) {
        self.descriptor = descriptor
        unsafe self.base = base
        unsafe head = base.assumingMemoryBound(to: MemoryHead.self)
        size = sizes.total
        var place = MemoryHead.room
        func part(_ bytes: Int) -> UnsafeMutableRawBufferPointer {
            defer { place += bytes }
            return unsafe UnsafeMutableRawBufferPointer(start: base + place, count: bytes)
        }
        let undo = unsafe UndoLog(part(sizes.undo), origin: base)
        unsafe deliveries = DeliveryLog(in: part(sizes.deliveries))
        unsafe inbox = ByteRing(in: part(sizes.inbox))
        unsafe posts = ByteRing(in: part(sizes.posts))
        unsafe letters = ByteRing(in: part(sizes.letters))
        unsafe region = RecordRegion(part(sizes.halves), undo: undo)
    }

    deinit {
        unsafe munmap(base, size)
        close(descriptor)
    }

    /// Which start made it, and for which of how many shards.
    var origin: (generation: Int, shard: Int, shards: Int) {
        get { unsafe (head.pointee.generation, head.pointee.shard, head.pointee.shards) }
        set {
            unsafe head.pointee.generation = newValue.generation
            unsafe head.pointee.shard = newValue.shard
            unsafe head.pointee.shards = newValue.shards
        }
    }

    /// The last batch that was finished.
    private var finished: UInt64 { unsafe head.pointee.finished.load(ordering: .acquiring) }

    /// Where things stood when that batch was finished.
    var last: MemoryHead.Commit { unsafe head.pointee.commits[Int(finished & 1)] }

    /// Says that everything an earlier process left is in it.
    package func complete() { unsafe head.pointee.isComplete.store(1, ordering: .releasing) }

    /// Finishes a batch: what was read is gone, what was changed stays, what was written is shown.
    ///
    /// Allocates nothing and calls nobody.
    package func commit(half: Int, shares: ScoreShares) {
        let batch = finished + 1
        let commit = MemoryHead.Commit(
            inbox: inbox.position,
            posts: posts.end,
            letters: letters.end,
            half: half,
            shares: shares
        )
        unsafe head.pointee.commits[Int(batch & 1)] = commit
        unsafe head.pointee.finished.store(batch, ordering: .sequentiallyConsistent)
        region.undo.begin(batch + 1)
        inbox.release()
        posts.show()
        letters.show()
    }

    /// Gives the system back the half of the records that is not in use, which becomes zeros.
    func clear(half: Int) {
        let bytes = unsafe region.half(half)
        guard let start = bytes.baseAddress else { return }
        _ = unsafe clinux_punch_hole(descriptor, start - base, bytes.count)
    }

    /// Shows every device that was there when the last batch was finished.
    package func forEachDevice(_ body: (SavedDevice) -> Void) {
        region.forEachDevice(half: last.half, finished: finished, body)
    }
}

extension MemoryHead.Sizes {
    /// The whole file.
    var total: Int { MemoryHead.room + undo + deliveries + inbox + posts + letters + halves }

    /// Whether a file of such parts can have been made by this program.
    var isPlausible: Bool {
        let parts = [undo, inbox, posts, letters, halves]
        return deliveries == DeliveryLog.bytes
            && parts.allSatisfy { $0 >= 1 << 16 && $0 <= 1 << 40 && $0 % 4096 == 0 }
    }
}
