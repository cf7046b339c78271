import Glibc
import TocsinCore
import TocsinNN
import TocsinTraining

/// One of the networks that the kernels are measured with.
struct KernelLoad {
    var name: String
    var cell: CellKind
    var channels: Int
    var hidden: Int

    /// Medians of what a step cost.
    struct Cost {
        var microseconds: Double
        var gigaflops: Double
        var peak: Double
        var share: Double
        /// The share in each round, and what its additions cost; see ``Quietness``.
        var rounds: [(additions: Double, share: Double)]
    }

    /// A usual network, a large one and a small one.
    static let usual = [
        KernelLoad(name: "M1", cell: .lstm, channels: 8, hidden: 64),
        KernelLoad(name: "M2", cell: .lstm, channels: 38, hidden: 128),
        KernelLoad(name: "M3", cell: .gru, channels: 4, hidden: 32),
    ]

    private var blueprint: Blueprint {
        Blueprint(inputSize: channels, cell: cell, hiddenSize: hidden, layers: 2)
    }

    /// Two for each weight; gates and biases are not counted.
    private var operations: Double {
        let weights = blueprint.tensors.filter { $0.shape.count == 2 }
        return Double(2 * weights.reduce(0) { $0 + $1.count })
    }

    /// The network with random weights.
    func network(
        _ set: InstructionSet,
        weights: WeightType = .single
    ) throws -> Autoencoder {
        try Autoencoder(
            blueprint: blueprint,
            parameters: Initialisation(seed: 1).parameters(for: blueprint),
            instructionSet: set,
            weights: weights
        )
    }

    /// Random features, `[devices, channels]`.
    func features(_ devices: Int) -> [Float] {
        var random = SeededGenerator(seed: 1)
        return (0..<devices * channels).map { _ in Float(random.uniform() * 2 - 1) }
    }

    /// Steps all devices, in turn with the loop that makes the peak.
    func measure(
        devices: Int,
        rounds: Int,
        set: InstructionSet,
        quietness: inout Quietness
    ) throws -> Cost {
        let network = try network(set)
        let features = features(devices)
        let indices = Array(0..<devices)
        var arena = network.arena()
        var state = network.zeroState()
        for _ in indices { _ = arena.append(state) }

        func step(_ times: Int) -> Double {
            let begin = threadSeconds()
            if devices == 1 {
                for _ in 0..<times { network.step(features, state: &state) }
            } else {
                for _ in 0..<times { network.step(features, devices: indices, in: &arena) }
            }
            return threadSeconds() - begin
        }
        func peak(_ times: Int) -> Double {
            let begin = threadSeconds()
            let operations = set.multiplyAddPeak(rounds: times)
            return operations / (threadSeconds() - begin)
        }

        // About a millisecond each.
        let times = max(1, Int(1e-3 / (step(20) / 20)))
        let spins = max(1, Int(1e-3 * peak(100_000) / set.multiplyAddPeak(rounds: 1)))
        var (spans, peaks): ([Double], [Double]) = ([], [])
        var found: [(additions: Double, share: Double)] = []
        for _ in 0..<rounds {
            let before = peak(spins)
            let probe = Quietness.probe()
            let span = step(times) / Double(times * devices)
            let longer = max(probe, Quietness.probe())
            let around = (before + peak(spins)) / 2
            spans.append(span)
            peaks.append(around)
            quietness.note(longer * around)
            found.append((longer * around, operations / span / around))
        }
        return Cost(
            microseconds: spans.median * 1e6,
            gigaflops: operations / spans.median / 1e9,
            peak: peaks.median / 1e9,
            share: found.map(\.share).median,
            rounds: found
        )
    }

    /// A line of the table.
    func row(_ devices: Int, _ cost: Cost, quiet limit: Double) -> String {
        let cells = [
            (name, 7), ("\(devices)", 9), (cost.microseconds.readable, 20),
            (cost.gigaflops.readable, 9), (cost.peak.readable, 14),
            ((cost.share * 100).readable, 18),
        ]
        let text = cells.reduce("") { row, cell in
            row + cell.0 + String(repeating: " ", count: max(cell.1 - cell.0.count, 1))
        }
        let quiet = cost.rounds.filter { $0.additions <= limit }
        // Of fewer rounds the median says little.
        guard quiet.count >= 5 else { return text + "-" }
        return text + "\((quiet.map(\.share).median * 100).readable)  (\(quiet.count) rounds)"
    }
}
