import ArgumentParser
import TocsinDaemon

extension Tocsin {
    struct Status: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ask the running daemon how it and its devices are."
        )

        @OptionGroup var daemon: DaemonOptions

        @Flag(help: "Print the daemon's JSON as it is.")
        var json = false

        func run() throws {
            try reporting {
                let answer = try daemon.ask("status")
                if let error = try StatusText.error(answer) {
                    Console.note("the daemon says: \(error)")
                    throw SystemExit.unavailable
                }
                Console.print(json ? answer : try StatusText.status(answer))
            }
        }
    }

    struct Inspect: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ask the running daemon about one device."
        )

        @Argument(help: "The device's name.")
        var device: String

        @OptionGroup var daemon: DaemonOptions

        @Flag(help: "Print the daemon's JSON as it is.")
        var json = false

        func run() throws {
            try reporting {
                let answer = try daemon.ask("inspect \(device)")
                if let error = try StatusText.error(answer) {
                    Console.note(error)
                    throw SystemExit.data
                }
                Console.print(json ? answer : try StatusText.inspection(answer))
            }
        }
    }
}

/// Which daemon.
struct DaemonOptions: ParsableArguments {
    @Option(help: "The daemon's socket.", completion: .file())
    var socket = "/run/tocsin/tocsin.sock"

    /// Asks, and returns the answer.
    func ask(_ line: String) throws -> String {
        let client = try ControlClient(path: socket)
        let answer = try client.ask(line)
        client.close()
        return String(decoding: answer, as: UTF8.self)
    }
}
