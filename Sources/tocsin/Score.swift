import ArgumentParser
import Glibc
import TocsinCore
import TocsinDaemon
import TocsinFiles

extension Tocsin {
    struct Score: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Score a table frame by frame, exactly as the daemon would."
        )

        @Option(help: "The model file.", completion: .file(extensions: ["safetensors"]))
        var model: String

        @Option(help: "The table: CSV, also .gz.", completion: .file())
        var data: String

        @Option(name: .shortAndLong, help: "The file to write; standard output if left out.")
        var output: String?

        @Flag(help: "Write JSON lines instead of CSV.")
        var json = false

        @Flag(help: "Write alerts instead of scores, as JSON lines.")
        var alerts = false

        func run() async throws {
            try await reporting { try score() }
        }

        private func score() throws {
            let model = try Setup.loadModel(model)
            var reader = try Tables.open(data)
            var scoring = try OfflineScoring(
                model: model,
                channels: reader.channels,
                policies: AlertPolicies()
            )
            let lines = Lines()
            let device = Tables.device(data)
            var progress = ProgressLine()
            var sink: any Sink
            if alerts {
                sink = AlertLinesSink { lines.append($0) }
            } else if json {
                sink = JSONLinesSink { lines.append($0) }
            } else {
                sink = CSVSink(channels: model.channels) { lines.append($0) }
            }
            do {
                while let row = try reader.next() {
                    scoring.take(row, device: device) { sink.take($0) }
                    if output == nil { lines.flush() }
                    progress.show(reader.progress, "scoring")
                }
            } catch {
                throw InFile(path: data, reason: error)
            }
            scoring.finish { sink.take($0) }
            progress.clear()
            if let output {
                try Files.write(lines.bytes, to: output)
            } else {
                lines.flush()
            }
        }
    }
}

/// Lines on their way out.
private final class Lines {
    private(set) var bytes: [UInt8] = []

    func append(_ line: [UInt8]) { bytes += line }

    func flush() {
        guard !bytes.isEmpty else { return }
        Console.write(bytes, STDOUT_FILENO)
        bytes.removeAll(keepingCapacity: true)
    }
}
