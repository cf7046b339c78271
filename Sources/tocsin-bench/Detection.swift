import ArgumentParser
import Glibc
import TocsinCore
import TocsinEvaluation
import TocsinFiles

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

        @Flag(help: "Train on the rows that all entities of a set share, too.")
        var common = false

        @Option(help: "How many entities are worked on at once.")
        var jobs = 2

        @Flag(help: "Print JSON lines instead of tables.")
        var json = false

        @Option(help: "Write a page with the tables and a plot of each series, HTML.")
        var report: String?

        func validate() throws {
            guard (1...256).contains(jobs) else { throw ValidationError("jobs is 1 to 256") }
        }

        func run() throws {
            do {
                let entities = try LabelledSet.entities(names, in: folder)
                var run = EntityRun()
                run.seed = seed
                run.usesCommonTrain = common
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
