import ArgumentParser
import Foundation
import TocsinCore
import TocsinFiles
import TocsinTraining

extension Bench {
    /// How well drift is told from its absence, on recordings that are taken as clean.
    ///
    /// Each recording's beginning trains a model; its end is streamed as it is, and with drift of
    /// several kinds put into it.
    struct Drift: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Measure drift alerts on clean recordings and on drift put into them."
        )

        @Argument(help: "Recordings (CSV, also .gz), or a folder that holds smd and asd.")
        var paths: [String]

        @Option(help: "The share of each recording that is held back, before its end.")
        var heldBack = 0.2

        @Option(
            parsing: .upToNextOption,
            help: "Where recordings end, as shares of them: each gives one more stretch."
        )
        var until = [1.0]

        @Option(help: "Every random draw follows from it.")
        var seed: UInt64 = 1

        func run() throws {
            var report = DriftReport()
            for path in try files() {
                for end in until {
                    let name = Self.name(path) + (until.count > 1 ? " until \(end)" : "")
                    report.add(name, try measure(path, name, until: end))
                }
            }
            report.printSummary()
        }

        private func files() throws -> [String] {
            try paths.flatMap { path in
                guard Self.isFolder(path) else { return [path] }
                return try ["smd", "asd"].flatMap { set in
                    let folder = "\(path)/\(set)"
                    let files = try FileManager.default.contentsOfDirectory(atPath: folder)
                    return files.filter { $0.contains(".train.csv") }
                        .sorted { $0.localizedStandardCompare($1) == .orderedAscending }
                        .map { "\(path)/\(set)/\($0)" }
                }
            }
        }

        private static func isFolder(_ path: String) -> Bool {
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
                && isFolder.boolValue
        }

        private static func name(_ path: String) -> String {
            let file = path.split(separator: "/").last.map(String.init) ?? path
            return file.split(separator: ".").first.map(String.init) ?? file
        }

        private func measure(
            _ path: String,
            _ name: String,
            until end: Double
        ) throws -> [(injection: DriftInjection, run: DriftRun)] {
            var reader = try CSVReader(
                Files.readUnpacked(path),
                // Context of hydraulic and room, not input.
                ignoring: [
                    "cooler_pct", "valve_pct", "pump_leak", "accumulator_bar", "unstable",
                    "occupied",
                ]
            )
            var rows: [CSVReader.Row] = []
            while let row = try reader.next() { rows.append(row) }
            rows.removeLast(Int(Double(rows.count) * (1 - end)))
            let recording = DriftRecording(rows: rows, heldBack: heldBack / end)
            let dataset = try Dataset(
                channels: reader.channels,
                rows: Array(rows[..<recording.start]),
                period: nil
            ) { FrameClock(period: $0) }
            var plan = ModelTraining.Plan()
            plan.options.seed = seed
            let model = try ModelTraining(plan).run(
                dataset,
                name: name,
                dataHash: "",
                configuration: [:],
                versions: [:],
                progress: { _ in }
            ).model
            let varying = model.channels.indices.filter { model.calibration.isScored[$0] }
            let columns = model.channels.indices.map { Optional($0) }
            return DriftInjection.allCases.map { injection in
                let stretch = recording.stretch(injection, varying: varying, seed: seed)
                let onset = recording.onset - recording.start
                return (injection, DriftRun(stretch, onset: onset, model: model, columns: columns))
            }
        }
    }
}
