/// Room for a message in the making, kept from message to message.
@safe
struct MessageBuffer: ~Copyable {
    private var start: UnsafeMutableRawPointer
    private var capacity: Int
    private var count = 0

    init(capacity: Int = 1024) {
        self.capacity = max(capacity, 64)
        unsafe start = .allocate(byteCount: self.capacity, alignment: 16)
    }

    deinit {
        unsafe start.deallocate()
    }

    /// Overwrites the message with what `body` writes, which is at most `most` bytes.
    @inline(__always)
    mutating func write(atMost most: Int, _ body: (inout MessageWriter) -> Void) {
        // Whoever writes a number or a part of a text may write more than counts.
        if capacity - MessageWriter.surplus < most { makeRoom(most + MessageWriter.surplus) }
        var writer = unsafe MessageWriter(start)
        body(&writer)
        count = unsafe writer.end - start
        precondition(count <= most)
    }

    private mutating func makeRoom(_ bytes: Int) {
        capacity = max(2 * capacity, bytes)
        unsafe start.deallocate()
        unsafe start = .allocate(byteCount: capacity, alignment: 16)
    }

    /// Hands out what was written.
    func withSpan<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
        let bytes = unsafe start.assumingMemoryBound(to: UInt8.self)
        return body(unsafe Span(_unsafeStart: bytes, count: count))
    }
}

/// Writes into a ``MessageBuffer``, in which there is room for all of it: no part of a message
/// looks after that again.
@safe
struct MessageWriter {
    /// How far beyond its end a part may write.
    static let surplus = 64

    /// Behind the last byte.
    private(set) var end: UnsafeMutableRawPointer
    private let start: UnsafeMutableRawPointer

    init(_ start: UnsafeMutableRawPointer) {
        unsafe self.start = start
        unsafe end = start
    }

    /// Appends one byte.
    @inline(__always)
    mutating func append(_ byte: UInt8) {
        unsafe end.storeBytes(of: byte, as: UInt8.self)
        unsafe end += 1
    }

    /// Appends bytes.
    @inline(__always)
    mutating func append(_ bytes: Span<UInt8>) {
        let length = bytes.count
        unsafe bytes.withUnsafeBytes { source in
            guard let first = source.baseAddress else { return }
            unsafe end.copyMemory(from: first, byteCount: length)
        }
        unsafe end += length
    }

    /// Appends a part of a text behind which at least sixteen bytes more may be read.
    @inline(__always)
    mutating func append(_ text: Span<UInt8>, _ part: Range<Int>) {
        precondition(part.lowerBound >= 0 && part.upperBound + 16 <= text.count)
        var place = part.lowerBound
        while place < part.upperBound {
            let block = unsafe text.bytes.unsafeLoadUnaligned(
                fromUncheckedByteOffset: place,
                as: SIMD16<UInt8>.self
            )
            unsafe (end + (place &- part.lowerBound)).storeBytes(
                of: block,
                as: SIMD16<UInt8>.self
            )
            place &+= 16
        }
        unsafe end += part.count
    }

    /// Appends text as it is.
    @inline(__always)
    mutating func append(_ text: StaticString) {
        unsafe end.copyMemory(from: text.utf8Start, byteCount: text.utf8CodeUnitCount)
        unsafe end += text.utf8CodeUnitCount
    }

    /// Appends what `body` writes, which returns how many bytes of it count.
    @inline(__always)
    mutating func append(_ body: (UnsafeMutableRawPointer) -> Int) {
        unsafe end += body(end)
    }

    /// Takes the comma away that stands behind the last of a list.
    @inline(__always)
    mutating func endList() {
        // Behind the first byte there is always one before.
        let last = unsafe end - 1
        if unsafe end > start, unsafe last.load(as: UInt8.self) == UInt8(ascii: ",") {
            unsafe end = last
        }
    }
}
