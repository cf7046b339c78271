import Testing

@testable import TocsinNN

struct LargePagesTests {
    @Test func `pieces begin at cache lines and do not overlap`() {
        var pieces: [(pages: LargePages, start: UnsafeMutableRawPointer, size: Int)] = []
        for size in [1, 64, 65, 700_000, 700_000, 700_000, LargePages.pageSize + 1, 3] {
            let (pages, start) = LargePages.share(size)
            start.initializeMemory(as: UInt8.self, repeating: UInt8(pieces.count), count: size)
            pieces.append((pages, start, size))
        }
        for (index, piece) in pieces.enumerated() {
            #expect(UInt(bitPattern: piece.start) % 64 == 0)
            let bytes = UnsafeRawBufferPointer(start: piece.start, count: piece.size)
            #expect(bytes.allSatisfy { $0 == UInt8(index) })
        }
    }

    @Test func `pages go with the last piece in them`() {
        weak var gone: LargePages?
        do {
            // A whole page, so that no other test has a share of it.
            let (pages, _) = LargePages.share(LargePages.pageSize)
            gone = pages
            #expect(gone != nil)
        }
        #expect(gone == nil)
    }
}
