import Foundation
import Testing
import TocsinTestSupport

struct EvaluateTests {
    /// A day of both pumps after the training, with three faults.
    private func table(in folder: URL) async throws {
        let plan =
            "simulate --devices pump:2 --duration 3d --skip 2d --period 30s -o test.csv"
            + " --fault offset:pump-1.pressure@2d6h+1h*1.5"
            + " --fault offset:pump-1.pressure@2d14h+1h*-1.5"
            + " --fault noise:pump-2.flow@2d10h+2h*3"
        try await command(plan, in: folder)
    }

    private func objects(_ output: String) throws -> [[String: Any]] {
        try output.split(separator: "\n").map {
            let object = try JSONSerialization.jsonObject(with: Data($0.utf8))
            return try #require(object as? [String: Any])
        }
    }

    /// The lines without the time that was spent, which no two runs share.
    private func measured(_ output: String) throws -> [NSDictionary] {
        try objects(output).map { object in
            NSDictionary(dictionary: object.filter { !times.contains($0.key) })
        }
    }

    private let times: Set = ["seconds", "microseconds_per_row"]

    @Test func `a model is measured on simulated faults, for people and for programs`()
        async throws
    {
        let trained = try await TrainedModel.files
        let folder = try TemporaryFolder()
        try await table(in: folder.url)
        let line = "evaluate --model \(trained.model.path) --data test.csv"
        let text = try await command(line, in: folder.url)
        let lines = text.output.split(separator: "\n")
        #expect(lines.count == 4)
        #expect(lines[0].hasPrefix("SERIES     DETECTOR  VUS-PR"))
        #expect(lines[1].hasPrefix("pump-1     model"))
        #expect(lines[3].hasPrefix("mean of 2  model"))
        #expect(text.error.isEmpty)

        let first = try await command(line + " --json", in: folder.url).output
        let second = try await command(line + " --json", in: folder.url).output
        #expect(try measured(first) == measured(second), "two runs differ")
        let results = try objects(first)
        #expect(results.count == 2)
        #expect(results[0]["device"] as? String == "pump-1")
        #expect(results[0]["events"] as? Int == 2)
        #expect(results[0]["rows"] as? Int == 2880)
        #expect(results[0]["buffer"] as? Int == 20)
        // The first frames after a zero state are not judged.
        #expect(results[0]["unscored_rows"] as? Int == 16)
        for result in results {
            for time in times {
                let spent = try #require(result[time] as? Double)
                #expect(spent > 0)
            }
            let share = try #require(result["labelled_share"] as? Double)
            let volume = try #require(result["vus_pr"] as? Double)
            #expect(volume > 2 * share, "hardly better than guessing")
            #expect(volume <= 1)
        }
    }

    @Test func `baselines are measured beside it, by the same chain`() async throws {
        let trained = try await TrainedModel.files
        let folder = try TemporaryFolder()
        try await table(in: folder.url)
        let line =
            "evaluate --model \(trained.model.path) --data test.csv --train \(trained.table.path)"
            + " --buffer 5 --json"
        let results = try objects(try await command(line, in: folder.url).output)
        let detectors = results.map { $0["detector"] as? String ?? "" }
        let all =
            ["model", "last value", "distance from mean", "EWMA z", "PCA", "window PCA", "VAR(8)"]
            + ["k-means", "no memory"]
        #expect(detectors == all + all)
        #expect(Set(results.map { $0["unscored_rows"] as? Int }) == [16])
        #expect(Set(results.map { $0["buffer"] as? Int }) == [5])
    }

    @Test func `a report is one page that needs nothing else, with a plot of each series`()
        async throws
    {
        let trained = try await TrainedModel.files
        let folder = try TemporaryFolder()
        try await table(in: folder.url)
        // A name that would be markup if it were taken as it is.
        let text = try String(contentsOfFile: folder.path("test.csv"), encoding: .utf8)
        try folder.write(text.replacingOccurrences(of: "pump-2", with: "<b>&\""), to: "test.csv")
        let line = "evaluate --model \(trained.model.path) --data test.csv --report report.html"
        let printed = try await command(line, in: folder.url).output
        #expect(printed.hasPrefix("SERIES"))

        let page = try String(contentsOfFile: folder.path("report.html"), encoding: .utf8)
        #expect(page.hasPrefix("<!DOCTYPE html>"))
        #expect(page.components(separatedBy: "<svg class=\"plot\"").count == 3)
        #expect(page.components(separatedBy: "<rect class=\"event\"").count > 4)
        #expect(page.components(separatedBy: "<rect class=\"alert\"").count > 3)
        #expect(page.contains("2026-01-03"))
        #expect(page.contains("Model pump.safetensors, on 2 labelled series."))
        for foreign in ["<script", "http://", "https://", "src=", "@import", "url(", "<b>"] {
            #expect(!page.contains(foreign))
        }
        #expect(page.utf8.count < 200_000)
        try expectWellFormed(page)
    }

    @Test func `figures are printed also where the page cannot be written`() async throws {
        let trained = try await TrainedModel.files
        let folder = try TemporaryFolder()
        try await table(in: folder.url)
        let outcome = try await BuiltBinary.run(
            [
                "evaluate", "--model", trained.model.path, "--data", folder.path("test.csv"),
                "--report", folder.path("nowhere/report.html"),
            ]
        )
        #expect(outcome.code == 74)
        #expect(outcome.output.hasPrefix("SERIES"))
        #expect(outcome.error.contains("nowhere/report.html"))
    }

    /// Every tag that is opened is closed, in the order in which it must be.
    private func expectWellFormed(_ page: String) throws {
        var open: [Substring] = []
        for match in page.matches(of: /<(\/?)([a-z0-9]+)((?:\s+[a-zA-Z-]+="[^"<>]*")*)(\/?)>/) {
            let (_, closing, name, _, single) = match.output
            if closing == "/" {
                #expect(open.popLast() == name)
            } else if single != "/", name != "meta" {
                open.append(name)
            }
        }
        #expect(open.isEmpty)
        let tags = try Regex("<[^>]*>")
        let text = page.replacing("<!DOCTYPE html>", with: "").replacing(tags, with: "")
        #expect(!text.contains("<"))
    }

    @Test func `a table without labels is an error of its data, in one line`() async throws {
        let trained = try await TrainedModel.files
        let folder = try TemporaryFolder()
        let path = folder.url.appendingPathComponent("plain.csv").path
        for (label, said) in [
            ("", "no labels: the last column must be 'label', 0 or 1"),
            (",label", "line 3: no label, and nothing says whether this is normal"),
        ] {
            let fields = label.isEmpty ? ["", ""] : [",0", ","]
            let text =
                "timestamp,pressure\(label)\n2026-01-01T00:00:00Z,1\(fields[0])\n"
                + "2026-01-01T00:00:30Z,2\(fields[1])\n"
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            let outcome = try await BuiltBinary.run(
                ["evaluate", "--model", trained.model.path, "--data", path]
            )
            #expect(outcome.code == 65)
            #expect(outcome.error == "tocsin: '\(path)': \(said)\n")
            #expect(outcome.output.isEmpty)
        }
    }
}
