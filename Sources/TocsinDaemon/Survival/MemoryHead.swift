import Synchronization
import TocsinCore

/// What stands at the beginning of a ``StateMemory``.
struct MemoryHead: ~Copyable {
    /// What it is, as the eight bytes of `TOCSIN-M`, and the form of this head.
    var magic: UInt64
    var form: UInt64
    /// The whole file, and its parts.
    var size: Int
    var sizes: Sizes
    /// Counts the starts; of two memories the one with the larger number is the later.
    var generation: Int
    /// Which of how many shards it is.
    var shard: Int
    var shards: Int
    /// 1 once everything that an earlier process left has been taken over.
    let isComplete: Atomic<UInt64>
    /// The last batch that is finished.
    let finished: Atomic<UInt64>
    /// Where things stood when a batch was finished: that of an even number, and that of an odd one,
    /// so that one is always whole.
    var commits: InlineArray<2, Commit>

    /// Bytes of the parts behind the head.
    struct Sizes: BitwiseCopyable, Equatable {
        var undo = 1 << 34
        var deliveries = DeliveryLog.bytes
        var inbox: Int
        var posts: Int
        var letters: Int
        var halves = 1 << 36
    }

    /// Where things stood.
    struct Commit: BitwiseCopyable {
        var inbox = 0
        var posts = 0
        var letters = 0
        /// The half of the records that is in use.
        var half = 0
        var shares = ScoreShares()
    }

    static let magic: UInt64 = 0x4D2D_4E49_5343_4F54
    static let form: UInt64 = 3
    /// Bytes that are kept for the head.
    static let room = 4096
}
