import ArgumentParser
import Glibc
import TocsinCore
import TocsinDaemon
import TocsinFiles

extension Tocsin {
    struct Score: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Score a table frame by frame, exactly as the daemon would."
        )

        @Option(help: "The model file.", completion: .file(extensions: ["safetensors"]))
        var model: String

        @OptionGroup var source: RecordingOptions

        @Option(help: "A table (CSV) or a recording (.jsonl), also .gz.", completion: .file())
        var data: String

        @Option(name: .shortAndLong, help: "The file to write; standard output if left out.")
        var output: String?

        @Option(help: "At most so many false alerts per device and month.")
        var budgetPerMonth: Double?

        @Flag(help: "Write JSON lines instead of CSV.")
        var json = false

        @Flag(help: "Write alerts instead of scores, as JSON lines.")
        var alerts = false

        func validate() throws {
            guard budgetPerMonth ?? 1 > 0 else {
                throw ValidationError("budget-per-month is more than 0")
            }
        }

        func run() throws {
            try reporting { try score() }
        }

        private func score() throws {
            let model = try Setup.loadModel(model)
            let table = try source.rows(data)
            var policies = AlertPolicies()
            policies.budgetPerMonth = budgetPerMonth
            var scoring = try OfflineScoring(
                model: model,
                channels: table.channels,
                policies: policies
            )
            let lines = Lines()
            var progress = ProgressLine()
            var sink: any Sink
            if alerts {
                sink = AlertLinesSink { lines.append($0) }
            } else if json {
                sink = JSONLinesSink { lines.append($0) }
            } else {
                sink = CSVSink(channels: model.channels) { lines.append($0) }
            }
            for (i, row) in table.rows.enumerated() {
                scoring.take(row) { sink.take($0) }
                if output == nil { lines.flush() }
                progress.show(Double(i + 1) / Double(table.rows.count), "scoring")
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
