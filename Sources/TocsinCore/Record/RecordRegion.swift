/// Mapped memory that records lie in, so that they outlive their process.
///
/// It has two halves, of which one is in use: a fleet that begins anew with other models is laid into
/// the other one, and takes over all at once. Memory is given out in chunks of records of one model,
/// each behind a head that says what it holds, and never taken back but with the whole half.
@safe
public struct RecordRegion: BitwiseCopyable, @unchecked Sendable {
    // @unchecked: only the thread that owns the records writes.

    /// What stands at the beginning of a chunk; zeros end the chunks.
    struct ChunkHead: BitwiseCopyable, Equatable {
        /// The whole chunk.
        var length: Int
        /// Of a record with its plate.
        var slotSize: Int
        var slots: Int
        /// Where in a record the head stands.
        var headStart: Int
        /// What the records are made of; see ``DeviceLayout/form``.
        var form: UInt64
        /// What their heads are made of.
        var headForm: UInt64
        /// Which model's they are.
        var model: UInt64
        /// The batch in which it was made.
        var born: UInt64
    }

    /// Where the halves begin, each at a page.
    private let halves: UnsafeMutableRawPointer
    private let halfSize: Int
    /// Saves records before they change.
    public let undo: UndoLog

    /// The region in a piece of mapped memory; zeros are an empty one.
    public init(_ memory: UnsafeMutableRawBufferPointer, undo: UndoLog) {
        guard let base = memory.baseAddress else { preconditionFailure("a region needs room") }
        unsafe halves = base
        halfSize = memory.count / 2 & ~4095
        self.undo = undo
    }

    /// A half as bytes.
    public func half(_ half: Int) -> UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(start: halves + half * halfSize, count: halfSize)
    }

    /// Puts a chunk behind the others of a half.
    func allocate(_ head: ChunkHead, half: Int, behind used: inout Int) -> UnsafeMutableRawPointer {
        precondition(used + head.length + MemoryLayout<ChunkHead>.size <= halfSize)
        let chunk = unsafe halves + half * halfSize + used
        unsafe chunk.storeBytes(of: head, as: ChunkHead.self)
        used += head.length
        return unsafe chunk
    }

    /// Shows every device that a half held when a batch had finished.
    ///
    /// - Parameters:
    ///   - half: 0 or 1
    ///   - finished: what was made by a later batch does not count
    ///   - body: gets each device
    public func forEachDevice(
        half: Int,
        finished: UInt64,
        _ body: (SavedDevice) -> Void
    ) {
        let start = unsafe halves + half * halfSize
        var place = 0
        while place + MemoryLayout<ChunkHead>.size <= halfSize {
            let head = unsafe (start + place).load(as: ChunkHead.self)
            guard head.length > 0, head.length <= halfSize - place, head.born <= finished,
                head.slotSize > DevicePlate.size, head.slots > 0,
                head.slots <= (head.length - 64) / head.slotSize,
                (0...head.slotSize - DevicePlate.size).contains(head.headStart)
            else { return }
            for slot in 0..<head.slots {
                let plate = unsafe start + (place + 64 + slot * head.slotSize)
                let born = unsafe plate.load(as: UInt64.self)
                guard born > 0, born <= finished else { continue }
                unsafe body(SavedDevice(chunk: head, plate: plate))
            }
            place += head.length
        }
    }
}
