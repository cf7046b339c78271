import ArgumentParser
import TocsinCore
import TocsinNN

extension Bench {
    /// What a step of a network costs, alone and in company, against what the machine can do.
    ///
    /// Steps and a loop of nothing but multiply-adds take turns, on this thread's processor time,
    /// so that a busy machine disturbs both alike. The share is the median of the pairs' ratios;
    /// beside it stands that of the rounds that no neighbour on the same core disturbed, if there
    /// were five (``Quietness``).
    struct Kernels: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "kernels",
            abstract: "Measure a step of a network against the machine's peak of multiply-adds."
        )

        @Option(help: "Pairs of measurements; each takes about two milliseconds.")
        var rounds = 61

        func run() throws {
            let set = InstructionSet.preferred
            print("kernels: \(set.rawValue)")
            print(
                "model  devices  µs/step and device  GFLOP/s  peak GFLOP/s  share of peak, %"
                    + "  in quiet rounds, %"
            )
            var quietness = Quietness()
            var lines: [(KernelLoad, Int, KernelLoad.Cost)] = []
            for load in KernelLoad.usual {
                for devices in [1, 2, 3, 4, 5, 6, 7, 8, 64, 1024] {
                    let cost = try load.measure(
                        devices: devices,
                        rounds: rounds,
                        set: set,
                        quietness: &quietness
                    )
                    lines.append((load, devices, cost))
                }
            }
            // Only now is it known what is quiet.
            let limit = quietness.limit
            for (load, devices, cost) in lines {
                print(load.row(devices, cost, quiet: limit))
            }
            print("\nmodel  devices  f16: µs/step and device  f32  f16 against f32")
            for load in KernelLoad.usual {
                for devices in [1, 2, 4, 8, 64] {
                    let cost = try WeightTypeLoad(load: load).measure(
                        devices: devices,
                        rounds: rounds,
                        set: set
                    )
                    print(
                        "\(load.name)     \(devices)  \((cost.half * 1e6).readable)   "
                            + "\((cost.single * 1e6).readable)   \(cost.ratio.readable)"
                    )
                }
            }
            print("\nmodel  devices in random order  µs/step and device  against 600")
            for load in KernelLoad.usual {
                let cost = try FleetOrderLoad(load: load).measure(rounds: 3 * rounds, set: set)
                print("\(load.name)     600      \((cost.few * 1e6).readable)")
                print(
                    "\(load.name)     100000   \((cost.many * 1e6).readable)   "
                        + "\(cost.ratio.readable)"
                )
            }
        }
    }
}
