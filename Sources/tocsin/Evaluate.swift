import ArgumentParser
import TocsinCore
import TocsinDaemon
import TocsinEvaluation
import TocsinFiles

extension Tocsin {
    struct Evaluate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Measure on labelled tables how well a model rings."
        )

        @Option(help: "The model file.", completion: .file(extensions: ["safetensors"]))
        var model: String

        @Option(
            parsing: .upToNextOption,
            help: "Labelled tables (CSV), also .gz; each with one or more devices.",
            completion: .file()
        )
        var data: [String]

        @Option(
            parsing: .upToNextOption,
            help: "The tables that the model was trained on: fits baselines to be compared with.",
            completion: .file()
        )
        var train: [String] = []

        @Option(help: "The longest buffer around an event in VUS-PR, in rows.")
        var buffer = 20

        @Option(help: "Which devices count; * for any characters, ? for one.")
        var device = "*"

        @Option(help: "At most so many false alerts per device and month.")
        var budgetPerMonth: Double?

        @Flag(help: "Print JSON lines instead of a table, one per series and detector.")
        var json = false

        @Option(
            help: "Write a page with the figures and a plot of each series, HTML.",
            completion: .file(extensions: ["html"])
        )
        var report: String?

        func validate() throws {
            guard (0...10_000).contains(buffer) else {
                throw ValidationError("buffer is 0 to 10000")
            }
            guard budgetPerMonth ?? 1 > 0 else {
                throw ValidationError("budget-per-month is more than 0")
            }
        }

        func run() throws {
            try reporting {
                let results = try evaluate()
                // Also where the page cannot be written: the figures took long enough.
                defer {
                    Console.print(
                        json
                            ? EvaluationLines.lines(results).joined(separator: "\n")
                            : EvaluationTable.table(results).text
                    )
                }
                guard let report else { return }
                try Files.write(ReportPage(of: results, model: model).bytes, to: report)
            }
        }

        private func evaluate() throws -> [EvaluationResult] {
            var source = RecordingOptions()
            source.config = nil
            source.device = device
            var policies = AlertPolicies()
            policies.budgetPerMonth = budgetPerMonth
            let evaluator = try Evaluator(
                model: try Setup.loadModel(model),
                training: try train.map {
                    let table = try source.rows($0)
                    return (table.channels, table.rows)
                },
                buffer: buffer,
                policies: policies
            )
            var results: [EvaluationResult] = []
            var progress = ProgressLine()
            for path in data {
                let table = try source.rows(path)
                do {
                    results += try evaluator.evaluate(
                        table.rows,
                        channels: table.channels,
                        file: path
                    ) { progress.show($0, "evaluating \(Tables.device(path))") }
                } catch let error as LabelError {
                    throw InFile(path: path, reason: error)
                }
            }
            progress.clear()
            return results
        }
    }
}
