import Testing

@testable import TocsinTraining

struct WorkersTests {
    @Test(arguments: [1, 2, 5])
    func `every piece is done once, run after run`(threads: Int) {
        let workers = Workers(threads: threads)
        for count in [0, 1, 2, 7, 100] {
            var done = [Int](repeating: 0, count: count)
            done.withUnsafeMutableBufferPointer { done in
                let done = done
                workers.run(count) { done[$0] += 1 }
            }
            #expect(done == Array(repeating: 1, count: count))
        }
    }
}
