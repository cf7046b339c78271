import ArgumentParser
import CAllocationCounter
import Glibc
import TocsinCore
import TocsinDaemon

extension Bench {
    /// What the way from the network thread to the owner costs.
    struct Ring: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Measure what a message costs in the ring between two threads: in, and out.",
            discussion: "One thread does both, so that its processor time is the whole cost."
        )

        @Option(help: "Messages that wait together.")
        var together = [1, 64, 1024]

        @Option(help: "Measurements of each kind, of which the median is shown.")
        var rounds = 41

        func run() throws {
            print("together  ns/message  allocations/message")
            for count in together {
                let inbox = try Inbox(bytes: 1 << 20)
                let topic = Array("plant/device-1/state".utf8)
                let payload = Array(repeating: UInt8(ascii: "1"), count: 150)
                let arrival = Timestamp(microseconds: 0)
                let turns = max(20_000 / count, 1)
                var bytes = 0
                func pass() {
                    for _ in 0..<turns {
                        for _ in 0..<count {
                            inbox.put(
                                topic: topic.span,
                                payload: payload.span,
                                arrival: arrival,
                                isRetained: false
                            )
                        }
                        inbox.wake()
                        _ = inbox.drain { _, payload, _, _ in
                            bytes += payload.count
                        } oversize: { _, _ in
                        }
                        inbox.release()
                    }
                }
                pass()
                var times: [Double] = []
                times.reserveCapacity(rounds)
                let before = allocation_counter_read()
                for _ in 0..<rounds {
                    let begin = threadNanoseconds()
                    pass()
                    times.append((threadNanoseconds() - begin) / Double(turns * count))
                }
                let allocated = Double(allocation_counter_read() - before)
                guard inbox.overflow == 0, bytes == 150 * turns * count * (rounds + 1) else {
                    throw ValidationError("the ring lost messages")
                }
                times.sort()
                let each = allocated / Double(turns * count * rounds)
                let columns = ["\(count)", times[rounds / 2].readable].map {
                    $0 + String(repeating: " ", count: max(12 - $0.count, 1))
                }
                print(columns.joined() + each.readable)
            }
        }
    }
}

/// This thread's processor time.
private func threadNanoseconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
}
