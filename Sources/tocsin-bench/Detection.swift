import ArgumentParser
import Glibc
import TocsinCore
import TocsinEvaluation
import TocsinFiles
import TocsinNN
import TocsinTraining

extension Bench {
    /// How well tocsin rings on labelled sets: for each entity a model is trained on its own healthy
    /// rows and measured on its labelled ones, as `tocsin train` and `tocsin evaluate` do it.
    struct Detection: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Measure on labelled sets how well models ring, beside baselines."
        )

        @Argument(help: "The folder that holds the sets, each with a dataset.json.")
        var folder: String

        @Argument(help: "Sets or entities such as smd or asd/server-1; all if left out.")
        var names: [String] = []

        @Option(help: "Every random draw of the trainings follows from it.")
        var seed: UInt64 = 1

        @Option(help: "The cell of the networks: lstm, gru or rnn.")
        var cell = "lstm"

        @Option(help: "Hidden units of the networks.")
        var hidden = 64

        @Option(help: "Weight updates at most.")
        var updates = 400

        @Flag(help: "Judge by the reconstruction behind a code of half the channels.")
        var reconstruct = false

        @Flag(help: "Train on the rows that all entities of a set share, too.")
        var common = false

        @Option(help: "Write made-up anomalies over this share of the training rows, 0 to 0.5.")
        var contaminate = 0.0

        @Option(help: "Set a budget of so many false alerts in 10,000 frames.")
        var budget: Double?

        @Option(help: "How many entities are worked on at once.")
        var jobs = 2

        @Flag(help: "Print JSON lines instead of tables.")
        var json = false

        @Option(help: "Write a page with the tables and a plot of each series, HTML.")
        var report: String?

        func validate() throws {
            guard (1...256).contains(jobs) else { throw ValidationError("jobs is 1 to 256") }
            guard (0...0.5).contains(contaminate), budget ?? 1 > 0 else {
                throw ValidationError("contaminate is 0 to 0.5, budget more than 0")
            }
        }

        private func plan() throws -> ModelTraining.Plan {
            var plan = ModelTraining.Plan()
            guard let cell = CellKind(rawValue: cell) else {
                throw ValidationError("unknown cell '\(cell)'; expected lstm, gru, rnn")
            }
            plan.cell = cell
            plan.hiddenSize = hidden
            plan.options.seed = seed
            plan.options.updates = updates
            return plan
        }

        func run() throws {
            do {
                var run = EntityRun()
                let entities = try LabelledSet.entities(names, in: folder)
                run.plan = try plan()
                run.usesCommonTrain = common
                run.reconstructs = reconstruct
                run.contamination = contaminate
                run.budget = budget
                let detection = try TocsinEvaluation.Detection.run(
                    entities,
                    by: run,
                    threads: jobs
                ) { entity, span in note("\(entity.id): \(span.readable)") }
                let texts =
                    json ? detection.lines : detection.tables.map { $0.titledText + "\n" }
                print(texts.joined(separator: "\n"))
                if let report { try Files.write(detection.page.bytes, to: report) }
            } catch {
                note("\(error)")
                throw ExitCode(error is FileError ? 74 : 65)
            }
        }
    }
}

/// Writes a line to standard error.
private func note(_ text: String) {
    // Where standard error is closed there is nowhere to say so.
    try? Files.write(Array("tocsin-bench: \(text)\n".utf8), descriptor: STDERR_FILENO)
}
