import ArgumentParser
import Glibc
import Logging
import TocsinDaemon
import TocsinSystemd

extension Tocsin {
    struct Run: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Watch the broker; the command that systemd starts."
        )

        @OptionGroup var source: ConfigurationOptions

        func run() async throws {
            try await reporting {
                let configuration = try source.read()
                let output = LogOutput.automatic()
                LoggingSystem.bootstrap { output.makeHandler(label: $0) }
                defer { output.flush() }
                let source = source
                let daemon = Daemon(
                    configuration,
                    environment: Daemon.Environment(),
                    logger: Logger(label: "tocsin"),
                    reread: { try source.read() }
                )
                try await daemon.run()
            }
        }
    }
}

/// Which configuration.
struct ConfigurationOptions: ParsableArguments {
    static let usual = "/etc/tocsin/tocsin.yaml"

    @Option(
        name: .shortAndLong,
        help: "The configuration file. (default: \(usual) if there is one)",
        completion: .file(extensions: ["yaml"])
    )
    var config: String?

    /// Reads it; without a file everything is at its default.
    func read() throws -> Configuration {
        if let config { return try Configuration(file: config) }
        return Daemon.exists(Self.usual) ? try Configuration(file: Self.usual) : Configuration()
    }
}
