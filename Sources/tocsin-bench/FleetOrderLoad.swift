import Glibc
import TocsinCore
import TocsinNN
import TocsinTraining

/// Many devices in random order, against few that stay in the near caches.
struct FleetOrderLoad {
    var load: KernelLoad
    var many = 100_000
    var few = 600

    /// How many devices are ready at once.
    private static let together = 200

    /// Medians of the processor time of a step, in seconds, and of the pairs' ratios.
    struct Cost {
        var many: Double
        var few: Double
        var ratio: Double
    }

    /// Steps both fleets in turn.
    func measure(rounds: Int, set: InstructionSet) throws -> Cost {
        let network = try load.network(set)
        var random = SeededGenerator(seed: 2)
        let features = load.features(Self.together)
        let state = network.zeroState()
        var (large, small) = (network.arena(), network.arena())
        for _ in 0..<many { _ = large.append(state) }
        for _ in 0..<few { _ = small.append(state) }
        // Each in an order of its own, cut into what is ready at once.
        let shuffled = Array(0..<many).shuffled(using: &random)
        let groups = stride(from: 0, to: many - Self.together, by: Self.together).map { start in
            Array(shuffled[start..<start + Self.together])
        }
        let near = Array(0..<few).shuffled(using: &random)
        let nearGroups = stride(from: 0, to: few, by: Self.together).map { start in
            Array(near[start..<min(start + Self.together, few)])
        }
        var (spansFar, spansNear, ratios): ([Double], [Double], [Double]) = ([], [], [])
        var next = 0
        for round in 0..<rounds {
            var begin = threadSeconds()
            for _ in 0..<4 {
                network.step(features, devices: groups[next % groups.count], in: &large)
                next += 1
            }
            let far = (threadSeconds() - begin) / Double(4 * Self.together)
            // What the large fleet drove out of the caches comes back first.
            for group in nearGroups { network.step(features, devices: group, in: &small) }
            begin = threadSeconds()
            for part in 0..<4 {
                let group = nearGroups[(round + part) % nearGroups.count]
                network.step(features, devices: group, in: &small)
            }
            let close = (threadSeconds() - begin) / Double(4 * Self.together)
            spansFar.append(far)
            spansNear.append(close)
            ratios.append(far / close)
        }
        return Cost(many: spansFar.median, few: spansNear.median, ratio: ratios.median)
    }
}
