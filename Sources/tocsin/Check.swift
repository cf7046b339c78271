import ArgumentParser
import TocsinCore
import TocsinDaemon

extension Tocsin {
    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read configuration and models, and say what the daemon would say."
        )

        @OptionGroup var source: ConfigurationOptions

        func run() throws {
            try reporting {
                let configuration = try source.read()
                let setup = try Setup(configuration)
                Console.print("broker: \(configuration.broker.address)")
                for stream in configuration.streams {
                    Console.print(
                        "stream \(stream.name): \(stream.topic), \(stream.format.rawValue)"
                    )
                }
                for rule in configuration.models {
                    let path = configuration.resolve(rule.file)
                    let channels = setup.models[path]?.channels.count ?? 0
                    let stream = rule.stream.isEmpty ? "any stream" : "stream \(rule.stream)"
                    Console.print(
                        "model \(rule.file): devices \(rule.device) of \(stream), "
                            + "\(channels) channels, golden sequence reproduced"
                    )
                }
                if configuration.models.isEmpty {
                    Console.print("no models: devices are counted, none is judged")
                }
            }
        }
    }
}
