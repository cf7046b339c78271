import Foundation
import Testing
import TocsinTestSupport

/// `tocsin-bench detection`, on the real data sets and on what is none.
struct DetectionTests {
    private func bench(_ arguments: [String]) async throws -> (code: Int32, lines: [String]) {
        let path = URL(fileURLWithPath: BuiltBinary.path).deletingLastPathComponent()
            .appendingPathComponent("tocsin-bench").path
        let program = try RunningProgram(path, ["detection"] + arguments)
        let code = try await program.wait(within: .seconds(300))
        let said = code == 0 ? program.standardOutput : program.standardError
        return (code, said.split(separator: "\n").map(String.init))
    }

    private func objects(_ lines: [String]) throws -> [[String: Any]] {
        try lines.map {
            let object = try JSONSerialization.jsonObject(with: Data($0.utf8))
            return try #require(object as? [String: Any])
        }
    }

    private let times: Set = ["training_seconds", "seconds", "microseconds_per_row"]

    @Test(.enabled(if: RealData.isThere, "the data sets are not there"))
    func `two runs print the same numbers, for any number of threads`() async throws {
        let arguments = [RealData.path(""), "skab/valve1-0", "asd/server-2", "--json"]
        let folder = try TemporaryFolder()
        let report = folder.path("report.html")
        let first = try await bench(arguments + ["--jobs", "1"])
        let second = try await bench(arguments + ["--jobs", "2", "--report", report])
        #expect(first.code == 0 && second.code == 0)
        func measured(_ lines: [String]) throws -> [NSDictionary] {
            try objects(lines).map { object in
                NSDictionary(dictionary: object.filter { !times.contains($0.key) })
            }
        }
        #expect(try measured(first.lines) == measured(second.lines))

        let lines = try objects(first.lines)
        let series = lines.filter {
            $0["line"] as? String == "series" && $0["detector"] as? String == "model"
        }
        #expect(series.map { $0["entity"] as? String } == ["skab/valve1-0", "asd/server-2"])
        #expect(series.map { $0["split"] as? String } == ["tuning", "other"])
        #expect(series.map { $0["buffer"] as? Int } == [20, 20])
        #expect(series[0]["causes_peak_events"] == nil)
        #expect(series[1]["causes_peak_events"] as? Int == 4)
        for name in ["mean", "causes", "bar"] {
            #expect(lines.contains { $0["line"] as? String == name })
        }
        let page = try String(contentsOfFile: report, encoding: .utf8)
        #expect(page.components(separatedBy: "<svg class=\"plot\"").count == 3)
    }

    @Test func `a folder without sets is an error that says what belongs there`() async throws {
        let folder = try TemporaryFolder()
        let outcome = try await bench([folder.url.path])
        #expect(outcome.code == 65)
        #expect(
            outcome.lines == [
                "tocsin-bench: '\(folder.url.path)': none of smd, asd, skab, nab is in it; "
                    + "give the folder that holds them, each with a dataset.json"
            ]
        )
    }
}
