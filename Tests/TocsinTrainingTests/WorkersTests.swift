import Testing

@testable import TocsinTraining

struct WorkersTests {
    @Test(arguments: [1, 2, 5])
    func `every piece is done once, run after run`(threads: Int) {
        let workers = Workers(threads: threads)
        for count in [0, 1, 2, 7, 100] {
            var done = [Int](repeating: 0, count: count)
            var busy = [Int](repeating: 0, count: threads)
            done.withUnsafeMutableBufferPointer { done in
                busy.withUnsafeMutableBufferPointer { busy in
                    let (done, busy) = (done, busy)
                    // No two threads have one number: nothing is lost although nothing is locked.
                    workers.run(count) { piece, thread in
                        done[piece] += 1
                        busy[thread] += 1
                    }
                }
            }
            #expect(done == Array(repeating: 1, count: count))
            #expect(busy.reduce(0, +) == count)
        }
    }
}
