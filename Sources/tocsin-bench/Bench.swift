import ArgumentParser

/// What a sample costs and what a model is worth: one subcommand for each question.
@main
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tocsin-bench",
        abstract: "Measure tocsin: the cost of a frame, and the worth of its alerts.",
        subcommands: [
            Frames.self, Detection.self, Drift.self, Kernels.self, Decode.self, Ring.self,
            Pipeline.self, Daemon.self, DaemonPublisher.self, DaemonNull.self, Peer.self,
            Training.self, Survival.self, Soak.self,
        ],
        defaultSubcommand: Frames.self
    )
}
