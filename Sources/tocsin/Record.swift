import ArgumentParser
import TocsinCore
import TocsinDaemon
import TocsinFiles
import TocsinThreads

extension Tocsin {
    struct Record: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write what arrives to a recording, one message per line, until interrupted."
        )

        @OptionGroup var broker: BrokerOptions

        @Option(parsing: .upToNextOption, help: "Which topics, with + and #.")
        var topic = ["sensors/#"]

        @Option(name: .shortAndLong, help: "The file to write; standard output if left out.")
        var output: String?

        @Option(help: "End after so many messages.")
        var count: Int?

        @Option(help: "End after so long, such as 10m.")
        var duration: SpanArgument?

        func run() throws {
            try reporting {
                let arrivals = Arrivals()
                let feed = try broker.feed(name: "record", filters: topic) { topic, payload, kept in
                    arrivals.append(topic, payload, kept)
                }
                let file = try OutputFile(output)
                let begin = ContinuousClock.now
                var written = 0
                let limit = duration?.duration ?? .seconds(1 << 40)
                while written < count ?? .max, .now - begin < limit {
                    for message in arrivals.take().prefix((count ?? .max) - written) {
                        try file.append(try Recording.encode(message) + [UInt8(ascii: "\n")])
                        written += 1
                    }
                    DedicatedThread.sleep(.milliseconds(20))
                }
                try feed.finish(within: .seconds(1))
                let lost = arrivals.lost
                Console.note(
                    "\(written) messages recorded" + (lost > 0 ? ", \(lost) came too fast" : "")
                )
            }
        }
    }
}
