import Synchronization
import TocsinThreads

/// What other threads see of a shard.
final class ShardHandle: Sendable {
    let inbox: Inbox
    /// Counts the rounds, so that somebody can tell whether it still runs.
    let rounds = Atomic<UInt64>(0)
    /// Signalled once, when its thread has ended.
    let finished: Wakeup

    init(_ inbox: Inbox) throws(ThreadError) {
        self.inbox = inbox
        finished = try Wakeup()
    }
}
