import Testing

@testable import TocsinEvaluation

struct ParallelWorkTests {
    private struct Broken: Error, Equatable {
        let item: Int
    }

    @Test(arguments: [1, 2, 7])
    func `results stand in the order of the items`(threads: Int) throws {
        let squares = try ParallelWork.map(Array(0..<50), threads: threads) { $0 * $0 }
        #expect(squares == (0..<50).map { $0 * $0 })
        #expect(try ParallelWork.map([Int](), threads: threads) { $0 }.isEmpty)
    }

    @Test func `the first error is thrown when all threads have ended`() {
        #expect(throws: Broken(item: 3)) {
            try ParallelWork.map(Array(0..<50), threads: 2) { item in
                if item >= 3 { throw Broken(item: item) }
            }
        }
    }
}
