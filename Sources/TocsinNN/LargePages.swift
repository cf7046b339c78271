import Glibc
internal import Synchronization

/// Memory in pages of 2 MB, where the system has them to give; else in usual ones.
///
/// A step reads all weights in order; large pages spare it the look-ups of fifty small ones or more.
///
/// Weights of several networks share a page: most networks take a tenth of one.
@safe
final class LargePages: @unchecked Sendable {
    // @unchecked: the memory is written by whoever was handed it, and `used` under the lock below.

    static let pageSize = 2 << 20

    private let mapping: UnsafeMutableRawPointer
    private let mappedSize: Int
    private let start: UnsafeMutableRawPointer
    private let size: Int
    private var used = 0

    private init(_ byteCount: Int) {
        size = (byteCount + Self.pageSize - 1) / Self.pageSize * Self.pageSize
        // From the system, one page more than is used: the heap may hand out memory that it has
        // had before, and that has been given small pages.
        mappedSize = size + Self.pageSize
        let mapping = unsafe mmap(
            nil,
            mappedSize,
            PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS,
            -1,
            0
        )
        guard let mapping = unsafe mapping, unsafe mapping != MAP_FAILED else {
            fatalError("no memory for \(byteCount) bytes of weights")
        }
        unsafe self.mapping = mapping
        unsafe start = mapping.alignedUp(toMultipleOf: Self.pageSize)
        unsafe Self.advise(start, size)
    }

    deinit {
        unsafe munmap(mapping, mappedSize)
    }

    /// Memory that begins at a cache line and stays as long as the pages are referred to.
    static func share(_ byteCount: Int) -> (LargePages, UnsafeMutableRawPointer) {
        unsafe newest.withLock { newest in
            let lines = (byteCount + 63) / 64 * 64
            if let pages = newest.pages, pages.used + lines <= pages.size {
                return unsafe (pages, pages.take(lines))
            }
            let pages = LargePages(lines)
            newest.pages = pages
            return unsafe (pages, pages.take(lines))
        }
    }

    private func take(_ lines: Int) -> UnsafeMutableRawPointer {
        defer { used += lines }
        return unsafe start + used
    }

    /// Asks for large pages where memory has not been touched yet.
    static func advise(_ start: UnsafeMutableRawPointer, _ byteCount: Int) {
        // Advice may be refused, and nothing depends on it.
        let page = 4096
        let first = (UInt(bitPattern: start) + UInt(page) - 1) / UInt(page) * UInt(page)
        let end = (UInt(bitPattern: start) + UInt(byteCount)) / UInt(page) * UInt(page)
        guard first < end, let address = unsafe UnsafeMutableRawPointer(bitPattern: first) else {
            return
        }
        _ = unsafe madvise(address, Int(end - first), MADV_HUGEPAGE)
    }

    /// The pages that were begun last; gone when the last network in them is.
    private struct Newest {
        weak var pages: LargePages?
    }

    private static let newest = Mutex(Newest())
}
