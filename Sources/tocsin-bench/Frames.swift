import ArgumentParser

extension Bench {
    /// What a frame costs: time, beside that of the network's step alone, and allocations.
    ///
    /// Times are for people: they wobble on a shared machine. Allocations are for the machine, and
    /// with `--check` a frame that allocates is an error.
    struct Frames: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Measure what a frame costs, in time and in allocations."
        )

        @Flag(help: "Only count allocations, and fail if a warm frame makes any.")
        var check = false

        @Option(help: "Frames per measurement.")
        var frames = 20_000

        func run() throws {
            var isClean = true
            print(
                "cell  hidden  channels  devices   µs/frame  µs/step  ratio  devices at 1 Hz"
                    + "  allocations/frame"
            )
            for load in FrameLoad.usual {
                let cost = try load.measure(frames: check ? 4000 : frames)
                print(load.row(cost))
                if cost.allocations > 0 { isClean = false }
            }
            guard check else { return }
            print(isClean ? "no frame allocates" : "a warm frame allocates: see above")
            if !isClean { throw ExitCode.failure }
        }
    }
}
