/// Where the records of a fleet lie: on the heap, or in a ``RecordRegion``.
///
/// A class, because groups of one fleet share how much of the half is used.
@safe
final class RecordMemory: @unchecked Sendable {
    // @unchecked: only the thread that owns the fleet uses it.

    let region: RecordRegion?
    /// Which half is in use.
    let half: Int
    private var used = 0

    /// An empty half of a region, or the heap.
    init(_ region: RecordRegion? = nil, half: Int = 0) {
        self.region = region
        self.half = half
    }

    /// The batch under way; on the heap always 1.
    var batch: UInt64 { region?.undo.batch ?? 1 }

    /// Memory for a chunk, at a cache line, its head written.
    func allocate(_ head: RecordRegion.ChunkHead) -> UnsafeMutableRawPointer {
        if let region { return unsafe region.allocate(head, half: half, behind: &used) }
        let chunk = UnsafeMutableRawPointer.allocate(byteCount: head.length, alignment: 64)
        unsafe chunk.initializeMemory(as: UInt8.self, repeating: 0, count: head.length)
        unsafe chunk.storeBytes(of: head, as: RecordRegion.ChunkHead.self)
        return unsafe chunk
    }
}
