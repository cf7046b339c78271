import Synchronization
import TocsinCore

/// How many messages of each topic wait, roughly: topics share a thousand counts by their hash.
///
/// One thread counts what goes in, another what comes out.
@safe
final class Backlog: @unchecked Sendable {
    // @unchecked: each count has one writer, and is read as a whole.

    static let buckets = 1024
    /// Counts of what went in, then of what came out.
    private let counts: UnsafeMutablePointer<Atomic<Int>>

    init() {
        let count = 2 * Self.buckets
        unsafe counts = .allocate(capacity: count)
        for i in 0..<count { unsafe (counts + i).initialize(to: Atomic(0)) }
    }

    deinit { unsafe counts.deallocate() }

    /// Where a topic is counted.
    @inline(__always)
    static func bucket(of topic: Span<UInt8>) -> Int {
        Int(truncatingIfNeeded: topic.stableHash) & (buckets - 1)
    }

    /// A message went in.
    @inline(__always)
    func put(_ bucket: Int) { add(bucket) }

    /// A message came out.
    @inline(__always)
    func take(_ bucket: Int) { add(Self.buckets + bucket) }

    private func add(_ place: Int) {
        let count = unsafe counts + place
        unsafe count.pointee.store(count.pointee.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
    }

    /// How many wait that are counted with such a topic.
    @inline(__always)
    func waiting(_ bucket: Int) -> Int {
        unsafe (counts + bucket).pointee.load(ordering: .relaxed)
            &- (counts + Self.buckets + bucket).pointee.load(ordering: .relaxed)
    }

    /// How many wait of the topic of which most do.
    var busiest: Int {
        var most = 0
        for bucket in 0..<Self.buckets { most = max(most, waiting(bucket)) }
        return most
    }
}
