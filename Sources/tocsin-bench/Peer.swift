import ArgumentParser
import Glibc
import TocsinFiles

extension Bench {
    /// The own side of a comparison with other libraries, which `Benchmarks/peers` makes.
    ///
    /// Each line of standard input is an order, each line of standard output its answer:
    ///
    ///     kernel CELL INPUTS HIDDEN DEVICES WEIGHTS    a network with weights as PyTorch has them
    ///     decode PAYLOAD                               a JSON payload
    ///     train CELL INPUTS HIDDEN LANES STEPS WEIGHTS FRAMES THREADS
    ///                                                  a training, one window after the other
    ///     run TIMES                                    how long that took, in ns: processor, wall
    ///     check INPUT OUTPUT                           results, to be held against the others'
    ///
    /// Weights, frames, inputs and outputs are files of numbers in the machine's byte order.
    struct Peer: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "peer",
            abstract: "Take orders from Benchmarks/peers, line by line.",
            shouldDisplay: false
        )

        func run() throws {
            var load: (any PeerLoad)?
            while let line = readLine() {
                do {
                    print(try Self.answer(line.split(separator: " ").map(String.init), &load))
                } catch {
                    print("error \(error)")
                }
                fflush(nil)
            }
        }

        private static func answer(
            _ words: [String],
            _ load: inout (any PeerLoad)?
        ) throws -> String {
            if load == nil, words.first == "run" || words.first == "check" {
                throw ValidationError("nothing is loaded")
            }
            switch words.first {
            case "kernel": load = try KernelPeer(Order(words))
            case "decode": load = try DecodePeer(Order(words))
            case "train": load = try TrainingPeer(Order(words))
            case "run":
                let times = try Order(words).number(1)
                // The other side has just had the caches.
                try load?.run(times / 8 + 1)
                let begin = (nanoseconds(CLOCK_PROCESS_CPUTIME_ID), nanoseconds(CLOCK_MONOTONIC))
                try load?.run(times)
                let end = (nanoseconds(CLOCK_PROCESS_CPUTIME_ID), nanoseconds(CLOCK_MONOTONIC))
                return "\(end.0 - begin.0) \(end.1 - begin.1)"
            case "check":
                let order = Order(words)
                let output = try load?.check(Files.read(order.word(1))) ?? []
                try Files.write(output, to: order.word(2))
            default: throw ValidationError("unknown order '\(words.first ?? "")'")
            }
            return "ok"
        }

        private static func nanoseconds(_ clock: clockid_t) -> Int {
            var time = timespec()
            clock_gettime(clock, &time)
            return time.tv_sec * 1_000_000_000 + time.tv_nsec
        }
    }

    /// The words of an order.
    struct Order {
        private let words: [String]

        init(_ words: [String]) {
            self.words = words
        }

        func word(_ index: Int) throws -> String {
            guard index < words.count else { throw ValidationError("'\(words[0])' lacks words") }
            return words[index]
        }

        func number(_ index: Int) throws -> Int {
            guard let number = Int(try word(index)), number > 0 else {
                throw ValidationError("'\(try word(index))' is no number above 0")
            }
            return number
        }

        func floats(_ index: Int) throws -> [Float] {
            try Files.read(word(index)).elements()
        }
    }
}
