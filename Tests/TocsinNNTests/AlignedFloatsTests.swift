import Testing

@testable import TocsinNN

struct AlignedFloatsTests {
    @Test(arguments: [1, 15, 16, 1000, 100_000])
    func `they begin at a cache line`(count: Int) {
        // Others in between, so that the heap has reason to begin elsewhere.
        let all = (0..<8).map { _ in (AlignedFloats(zeros: count), [Float](repeating: 0, count: 3))
        }
        #expect(all.allSatisfy { UInt(bitPattern: $0.0.pointer) % 64 == 0 })
        #expect(all.allSatisfy { $0.0.count == count && $0.0.allSatisfy { $0 == 0 } })
    }

    @Test func `a copy is a value of its own`() {
        let before = AlignedFloats([1, 2, 3])
        var after = before
        after[1] = 5
        #expect(Array(before) == [1, 2, 3])
        #expect(Array(after) == [1, 5, 3])
        let address = after.pointer
        after.copy(from: 1, to: 0, count: 2)
        after.copy(before, from: 2, to: 2, count: 1)
        #expect(Array(after) == [5, 3, 3])
        // Nobody else holds it: nothing was copied.
        #expect(after.pointer == address)
        after.clear()
        #expect(Array(after) == [0, 0, 0])
    }
}
