import ArgumentParser
import Glibc
import TocsinCore
import TocsinNN
import TocsinTraining

extension Bench {
    /// What an update of a network's weights costs, against what the machine can do.
    ///
    /// Updates and a loop of nothing but multiply-adds take turns. One thread is measured by its
    /// processor time; what several win shows only on the wall, and only on a quiet machine.
    struct Training: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "training",
            abstract: "Measure updates of a network's weights, on one thread and on several."
        )

        @Option(help: "Pairs of measurements; each takes about a tenth of a second.")
        var rounds = 15

        @Option(help: "Threads of the second row.")
        var threads = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))

        func run() throws {
            let set = InstructionSet.preferred
            print("kernels: \(set.rawValue); M1, windows of 64 steps of 64 lanes, Adam")
            print("threads  clock      ms/window  GFLOP/s  share of peak, %")
            var row = try TrainingLoad(threads: 1)
            print(row.measure(rounds: rounds, set: set, clock: CLOCK_THREAD_CPUTIME_ID))
            guard threads > 1 else { return }
            row = try TrainingLoad(threads: threads)
            print(row.measure(rounds: rounds, set: set, clock: CLOCK_MONOTONIC))
        }
    }
}

/// Windows of a training of M1 on random features.
struct TrainingLoad {
    private static let (lanes, steps, updates) = (64, 64, 4)
    private static let blueprint = Blueprint(inputSize: 8, cell: .lstm, hiddenSize: 64, layers: 2)

    private let threads: Int
    private let chunk: TrainingChunk
    private var loop: TrainingLoop

    init(threads: Int) throws {
        self.threads = threads
        var random = SeededGenerator(seed: 1)
        let row = Self.lanes * Self.blueprint.inputSize
        let frames = (0..<(Self.steps + 1) * row).map { _ in Float(random.uniform() * 2 - 1) }
        chunk = TrainingChunk(
            steps: Self.steps,
            inputs: Array(frames[..<(Self.steps * row)]),
            frames: frames,
            weights: Array(repeating: 1, count: frames.count)
        )
        loop = try TrainingLoop(
            blueprint: Self.blueprint,
            parameters: Initialisation(seed: 1).parameters(for: Self.blueprint),
            lanes: Self.lanes,
            steps: Self.steps,
            clip: 1,
            threads: threads
        )
        loop.reset(lanes: Self.lanes)
    }

    /// Of one window: two for each weight there, two for its gradient, two for the gradient of what
    /// it is multiplied with, which nobody asks for of the first layer's inputs.
    private static var operations: Double {
        let weights = blueprint.tensors.filter { $0.shape.count == 2 }
        let all = weights.reduce(0) { $0 + $1.count }
        let first = 4 * blueprint.hiddenSize * blueprint.inputSize
        return Double(2 * (3 * all - first) * lanes * steps)
    }

    /// A line of the table.
    mutating func measure(rounds: Int, set: InstructionSet, clock: clockid_t) -> String {
        var (spans, shares): ([Double], [Double]) = ([], [])
        _ = update(clock)
        for _ in 0..<rounds {
            let before = peak(set, clock)
            let span = update(clock)
            let around = (before + peak(set, clock)) / 2
            spans.append(span)
            shares.append(Self.operations / span / around / Double(threads))
        }
        let cells = [
            ("\(threads)", 9),
            (clock == CLOCK_MONOTONIC ? "wall" : "processor", 11),
            ((spans.median * 1e3).readable, 11),
            ((Self.operations / spans.median / 1e9).readable, 9),
        ]
        let text = cells.reduce("") { row, cell in
            row + cell.0 + String(repeating: " ", count: max(cell.1 - cell.0.count, 1))
        }
        return text + (shares.median * 100).readable
    }

    /// Seconds per update.
    private mutating func update(_ clock: clockid_t) -> Double {
        let begin = Self.seconds(clock)
        for _ in 0..<Self.updates { _ = loop.update(chunk, learningRate: 1e-3) }
        return (Self.seconds(clock) - begin) / Double(Self.updates)
    }

    /// Operations per second of one thread.
    private func peak(_ set: InstructionSet, _ clock: clockid_t) -> Double {
        let begin = Self.seconds(clock)
        let operations = set.multiplyAddPeak(rounds: 1_000_000)
        return operations / (Self.seconds(clock) - begin)
    }

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
