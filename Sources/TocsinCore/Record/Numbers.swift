/// Numbers that lie in memory of somebody else, who outlives this view of them.
///
/// Every access is checked against the bounds. A copy shows the same numbers; nothing is counted, so
/// that a frame can be judged without touching a reference.
@safe
struct Numbers<Element: BitwiseCopyable> {
    /// The first one.
    let start: UnsafeMutablePointer<Element>
    /// How many there are.
    let count: Int

    init(_ start: UnsafeMutablePointer<Element>, count: Int) {
        unsafe self.start = start
        self.count = count
    }

    var indices: Range<Int> { 0..<count }

    subscript(i: Int) -> Element {
        @inline(__always) get {
            precondition(UInt(bitPattern: i) < UInt(bitPattern: count))
            return unsafe start[i]
        }
        @inline(__always) nonmutating _modify {
            precondition(UInt(bitPattern: i) < UInt(bitPattern: count))
            yield unsafe &start[i]
        }
    }

    /// Sets all of them.
    func fill(_ element: Element) {
        for i in 0..<count { self[i] = element }
    }
}

extension Array where Element: BitwiseCopyable {
    /// Lends the elements as ``Numbers``.
    mutating func withNumbers<Result>(
        _ body: (Numbers<Element>) throws -> Result
    ) rethrows -> Result {
        try unsafe withUnsafeMutableBufferPointer { buffer in
            // Of an empty array nothing is read, so any address will do.
            guard let start = unsafe buffer.baseAddress ?? UnsafeMutablePointer(bitPattern: 64)
            else { preconditionFailure("64 is an address") }
            return try body(unsafe Numbers(start, count: buffer.count))
        }
    }
}

/// Numbers that never change, with an address of their own, for as long as it lives.
@safe
final class Constants<Element: BitwiseCopyable>: @unchecked Sendable {
    // @unchecked: written once, before anybody else sees it.

    private let memory: UnsafeMutablePointer<Element>
    private let count: Int

    /// A copy of `elements`, aligned for vectors.
    init(_ elements: [Element]) {
        count = elements.count
        let raw = UnsafeMutableRawPointer.allocate(
            byteCount: Swift.max(elements.count, 1) * MemoryLayout<Element>.stride,
            alignment: 64
        )
        unsafe memory = raw.bindMemory(to: Element.self, capacity: elements.count)
        for i in elements.indices { unsafe (memory + i).initialize(to: elements[i]) }
    }

    deinit {
        unsafe memory.deallocate()
    }

    /// What it holds.
    var numbers: Numbers<Element> { unsafe Numbers(memory, count: count) }
}

extension Numbers {
    /// Numbers of their own, until ``deallocate()``; at a cache line.
    static func allocate(_ count: Int, of element: Element) -> Numbers {
        let bytes = max(count, 1) * MemoryLayout<Element>.stride
        let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        let start = unsafe raw.initializeMemory(as: Element.self, repeating: element, count: count)
        return unsafe Numbers(start, count: count)
    }

    func deallocate() { unsafe start.deallocate() }
}
