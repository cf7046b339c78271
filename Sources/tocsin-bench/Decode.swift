import ArgumentParser
import CAllocationCounter
import Glibc
import TocsinCore

extension Bench {
    /// What reading a payload costs: this thread's processor time, and allocations.
    struct Decode: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "decode",
            abstract: "Measure what reading a payload costs, in time and in allocations."
        )

        @Option(help: "Measurements of each kind, of which the median is shown.")
        var rounds = 41

        func run() throws {
            print("payload           bytes  ns/payload  allocations/payload")
            for load in DecodeLoad.usual {
                print(load.row(try load.measure(rounds: rounds)))
            }
        }
    }
}

/// Payloads of one kind, as many as no branch predictor learns by heart.
struct DecodeLoad {
    var name: String
    var payloads: [[UInt8]]
    var channel: [UInt8] = []
    var decoder: any SampleDecoder = JSONSampleDecoder()

    /// What a payload cost.
    struct Cost {
        var nanoseconds: Double
        var allocations: Double
    }

    /// The everyday ones.
    static var usual: [DecodeLoad] {
        let five = ["pressure", "intake", "current", "temp", "vibration"]
        let short = [(4, 1), (2, 2), (1, 3), (2, 2), (1, 3)]
        let long = [(2, 15), (2, 15), (1, 16), (2, 15), (1, 16)]
        var random = SeededGenerator(seed: 1)
        let numbers = (0..<64).map { _ in number(2, 2, &random).bytes }
        let longNumbers = (0..<64).map { _ in number(2, 15, &random).bytes }
        return [
            DecodeLoad(name: "5 short numbers", payloads: objects(five, short, &random)),
            DecodeLoad(
                name: "5 of 17 digits",
                payloads: objects(["p", "q2", "c", "t1", "v"], long, &random)
            ),
            DecodeLoad(
                name: "8 channels",
                payloads: objects(
                    five + ["speed", "level", "voltage"],
                    short + [(4, 0), (2, 1), (3, 1)],
                    &random
                )
            ),
            DecodeLoad(
                name: "a number",
                payloads: numbers,
                channel: "flow".bytes,
                decoder: NumberSampleDecoder()
            ),
            DecodeLoad(
                name: "one of 17 digits",
                payloads: longNumbers,
                channel: "flow".bytes,
                decoder: NumberSampleDecoder()
            ),
        ]
    }

    /// Objects with a time and a number for each name, with so many digits before and behind the
    /// point.
    private static func objects(
        _ names: [String],
        _ digits: [(Int, Int)],
        _ random: inout SeededGenerator
    ) -> [[UInt8]] {
        (0..<64).map { _ in
            let day = Int.random(in: 10..<28, using: &random)
            let second = Int.random(in: 10..<60, using: &random)
            var text = #"{"time":"2026-11-\#(day)T09:48:\#(second)Z""#
            for (name, (before, behind)) in zip(names, digits) {
                text += #","\#(name)":\#(number(before, behind, &random))"#
            }
            return (text + "}").bytes
        }
    }

    /// A number without zeros at its ends.
    private static func number(
        _ before: Int,
        _ behind: Int,
        _ random: inout SeededGenerator
    ) -> String {
        func digits(_ count: Int) -> String {
            (0..<count).map { place in
                let isEnd = place == 0 || place == count - 1
                return "\(Int.random(in: (isEnd ? 1 : 0)..<10, using: &random))"
            }.joined()
        }
        return behind == 0 ? digits(before) : "\(digits(before)).\(digits(behind))"
    }

    /// Medians over the rounds, the first of which is not counted.
    func measure(rounds: Int) throws -> Cost {
        var batch = SampleBatch()
        var times: [Double] = []
        var allocations: UInt64 = 0
        var sum = 0.0
        let passes = 100
        for round in 0...rounds {
            let allocatedBefore = allocation_counter_read()
            let begin = processorNanoseconds()
            for _ in 0..<passes {
                for payload in payloads {
                    try decoder.decode(payload.span, channel: channel.span, into: &batch)
                    sum += batch.entries[0].value
                }
            }
            let end = processorNanoseconds()
            guard round > 0 else { continue }
            allocations += UInt64(allocation_counter_read() - allocatedBefore)
            times.append((end - begin) / Double(passes * payloads.count))
        }
        precondition(sum.isFinite)
        return Cost(
            nanoseconds: times.sorted()[times.count / 2],
            allocations: Double(allocations) / Double(rounds * passes * payloads.count)
        )
    }

    private func processorNanoseconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }

    /// A line of the table.
    func row(_ cost: Cost) -> String {
        let cells = [(name, 18), ("\(payloads[0].count)", 7), (cost.nanoseconds.readable, 12)]
        let text = cells.reduce("") { row, cell in
            row + cell.0 + String(repeating: " ", count: max(cell.1 - cell.0.count, 1))
        }
        return text + cost.allocations.readable
    }
}

extension String {
    fileprivate var bytes: [UInt8] { Array(utf8) }
}
