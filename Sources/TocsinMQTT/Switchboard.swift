import Glibc
import Synchronization
import TocsinThreads

/// What the network thread and its callers share.
final class Switchboard: Sendable {
    /// What callers want.
    struct Wishes {
        var outgoing: OutgoingQueue
        var nextToken: UInt64 = 1
        var subscriptions: [MQTTSubscription] = []
        /// Changes whenever ``subscriptions`` does.
        var subscriptionsRevision = 0
        var isRenewalWanted = false
        /// Set once; the network thread ends at this time at the latest.
        var stopDeadline: ContinuousClock.Instant?
    }

    let wishes: Mutex<Wishes>

    /// QoS 0 messages, which need neither lock nor token.
    let posts: Posts

    /// Signalled when there is something new in ``wishes``.
    let wakeup: Wakeup

    /// Signalled once, when the network thread has ended.
    let finished: Wakeup

    let isConnected = Atomic<Bool>(false)
    /// Whether the network thread waits for something to happen, and must be woken for a post.
    let isSleeping = Atomic<Bool>(false)
    let activity = Atomic<UInt8>(MQTTStatistics.Activity.idle.rawValue)
    let progress = Atomic<UInt64>(0)
    let connects = Atomic<UInt64>(0)
    let received = Atomic<UInt64>(0)
    let receivedBytes = Atomic<UInt64>(0)
    let sent = Atomic<UInt64>(0)
    let dropped = Atomic<UInt64>(0)
    let lostPosts = Atomic<UInt64>(0)

    init(_ options: MQTTClient.Options, posts rings: [ByteRing]) throws(MQTTError) {
        let queue = OutgoingQueue(
            maximumCount: options.queuedMessages,
            maximumBytes: options.queuedBytes
        )
        wishes = Mutex(Wishes(outgoing: queue))
        let bytes = min(options.queuedBytes, options.queuedMessages * 1024)
        posts = Posts(
            rings.isEmpty ? [ByteRing(bytes: max(bytes, 1 << 16))] : rings,
            maximumCount: options.queuedMessages
        )
        do {
            wakeup = try Wakeup()
            finished = try Wakeup()
        } catch {
            errno = error.code
            throw MQTTError(MQTTError.Code.system, in: error.call)
        }
    }

    var stopDeadline: ContinuousClock.Instant? {
        wishes.withLock { $0.stopDeadline }
    }
}
