import ArgumentParser
import Glibc
import Logging
import TocsinDaemon
import TocsinFiles
import TocsinSystemd
import TocsinThreads

extension Tocsin {
    struct Run: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Watch the broker; the command that systemd starts."
        )

        @OptionGroup var source: ConfigurationOptions

        func run() throws {
            // Before there is any other thread, so that none is interrupted.
            Signals.block()
            ProcessProtection.begin()
            try reporting {
                let configuration = try source.read()
                let output = LogOutput.automatic()
                LoggingSystem.bootstrap { output.makeHandler(label: $0) }
                defer { output.flush() }
                let source = source
                let daemon = Daemon(
                    configuration,
                    folders: ServiceFolders(),
                    logger: Logger(label: "tocsin"),
                    reread: { try source.read() }
                )
                try daemon.run()
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

    /// Reads it.
    func read() throws -> Configuration { try Self.read(config) }

    /// Reads a configuration, or the usual one; without a file everything is at its default.
    static func read(_ path: String?) throws -> Configuration {
        if let path { return try Configuration(file: path) }
        do {
            _ = try Files.read(usual)
        } catch  where error.code == ENOENT {
            return Configuration()
        }
        return try Configuration(file: usual)
    }
}
