/// A fixed number of floats that begin at a cache line, so that no vector of them lies across two.
///
/// An array's elements begin wherever the heap has room; products of those take longer. So do those
/// of usual pages, which lie where they will in the second cache: hence ``LargePages``. As an array
/// this is a value: it is copied when it is written to while somebody else holds it too.
struct AlignedFloats: Sendable {
    private var memory: Memory

    /// All are 0.
    init(zeros count: Int) {
        memory = Memory(count)
        unsafe memory.start.initialize(repeating: 0, count: count)
    }

    init(_ elements: [Float]) {
        self.init(zeros: elements.count)
        copy(elements)
    }

    /// Nothing, and no memory.
    static let none = AlignedFloats(zeros: 0)

    /// For a kernel to read; valid for as long as this value is.
    @unsafe var pointer: UnsafePointer<Float> { unsafe UnsafePointer(memory.start) }

    /// For a kernel to write; valid until the next access.
    @unsafe mutating func mutablePointer() -> UnsafeMutablePointer<Float> {
        if !isKnownUniquelyReferenced(&memory) {
            let copy = Memory(count)
            unsafe copy.start.initialize(from: memory.start, count: count)
            memory = copy
        }
        return unsafe memory.start
    }

    /// Sets all to 0.
    mutating func clear() {
        let count = count
        unsafe mutablePointer().update(repeating: 0, count: count)
    }

    /// Takes over what an array holds, from the first element on.
    mutating func copy(_ elements: [Float]) {
        precondition(elements.count <= count)
        unsafe mutablePointer().update(from: elements, count: elements.count)
    }

    /// Takes over `count` elements of another.
    mutating func copy(_ other: AlignedFloats, from start: Int, to own: Int, count: Int) {
        precondition(start >= 0 && own >= 0 && count >= 0)
        precondition(start + count <= other.count && own + count <= self.count)
        unsafe (mutablePointer() + own).update(from: other.pointer + start, count: count)
    }

    /// Copies `count` elements from one place to another.
    mutating func copy(from start: Int, to end: Int, count: Int) {
        precondition(start >= 0 && end >= 0 && count >= 0)
        precondition(start + count <= self.count && end + count <= self.count)
        let pointer = unsafe mutablePointer()
        unsafe (pointer + end).update(from: pointer + start, count: count)
    }

    /// The memory, which nobody writes to while several hold it.
    @safe private final class Memory: @unchecked Sendable {
        let start: UnsafeMutablePointer<Float>
        let count: Int
        private let pages: LargePages

        init(_ count: Int) {
            self.count = count
            let (pages, bytes) = unsafe LargePages.share(count * MemoryLayout<Float>.stride)
            self.pages = pages
            unsafe start = bytes.bindMemory(to: Float.self, capacity: count)
        }
    }
}

extension AlignedFloats: RandomAccessCollection {
    var startIndex: Int { 0 }
    var endIndex: Int { memory.count }

    subscript(index: Int) -> Float {
        get {
            precondition(indices.contains(index), "out of bounds")
            return unsafe memory.start[index]
        }
        set {
            precondition(indices.contains(index), "out of bounds")
            unsafe mutablePointer()[index] = newValue
        }
    }
}
