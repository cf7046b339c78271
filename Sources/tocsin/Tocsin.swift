import ArgumentParser
import TocsinDaemon

@main
struct Tocsin: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tocsin",
        abstract: "Ring when a device stops behaving as it used to.",
        version: tocsinVersion,
        subcommands: [
            Run.self, Check.self, Train.self, Score.self, Evaluate.self, Replay.self,
            Simulate.self, Record.self, Status.self, Inspect.self, ModelCommand.self,
        ]
    )
}
