import TocsinNN

/// Weights of 16 bits against those of 32, on the same network.
struct WeightTypeLoad {
    var load: KernelLoad

    /// Medians of the processor time of a step, in seconds, and of the pairs' ratios.
    struct Cost {
        var half: Double
        var single: Double
        var ratio: Double
    }

    /// Steps both in turn.
    func measure(devices: Int, rounds: Int, set: InstructionSet) throws -> Cost {
        let networks = try WeightType.allCases.map { try load.network(set, weights: $0) }
        let features = load.features(devices)
        let indices = Array(0..<devices)
        var states = networks.map { $0.zeroState() }
        var arenas = networks.map { $0.arena() }
        for n in networks.indices {
            for _ in indices { _ = arenas[n].append(states[n]) }
        }

        func step(_ n: Int, _ times: Int) -> Double {
            let begin = threadSeconds()
            if devices == 1 {
                for _ in 0..<times { networks[n].step(features, state: &states[n]) }
            } else {
                for _ in 0..<times {
                    networks[n].step(features, devices: indices, in: &arenas[n])
                }
            }
            return (threadSeconds() - begin) / Double(times * devices)
        }

        // About a millisecond each.
        let times = max(1, Int(1e-3 / (step(0, 20) * Double(devices))))
        var (halves, singles, ratios): ([Double], [Double], [Double]) = ([], [], [])
        for _ in 0..<rounds {
            // What the other one drove out of the caches comes back first.
            _ = step(0, max(times / 4, 1))
            let single = step(0, times)
            _ = step(1, max(times / 4, 1))
            let half = step(1, times)
            singles.append(single)
            halves.append(half)
            ratios.append(half / single)
        }
        return Cost(half: halves.median, single: singles.median, ratio: ratios.median)
    }
}
