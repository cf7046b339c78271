import Testing
import TocsinCore
import TocsinTraining

@testable import TocsinEvaluation

struct DetectionTests {
    /// An entity on which detectors reached these averages, with one event of ten rows.
    private func outcome(
        _ set: String,
        _ name: String,
        _ volumes: [(detector: String, volume: Double)]
    ) -> Detection.Outcome {
        let start = Timestamp(microseconds: 0)
        let frames = (0..<100).map {
            ScoredFrame(time: start + .seconds($0), score: 0, isAlarm: (25..<35).contains($0))
        }
        let series = ScoredSeries(
            rows: frames.enumerated().map { ($1.time, (20..<30).contains($0)) },
            frames: frames,
            clock: FrameClock(period: .seconds(1))
        )
        return Detection.Outcome(
            entity: LabelledEntity(
                set: set,
                name: name,
                train: LabelledEntity.Table(path: "", rows: 0),
                commonTrain: nil,
                test: LabelledEntity.Table(path: "", rows: 100),
                causes: nil
            ),
            results: volumes.map { detector, volume in
                var evaluation = Evaluation(series, buffer: 0)
                evaluation.volume = volume
                return EvaluationResult(
                    file: "",
                    device: name,
                    detector: detector,
                    evaluation: evaluation,
                    seconds: 1e-4
                )
            }
        )
    }

    private var detection: Detection {
        Detection([
            outcome("asd", "server-1", [("model", 0.5), ("PCA", 0.3), ("no memory", 0.4)]),
            outcome("asd", "server-2", [("model", 0.7), ("PCA", 0.5), ("no memory", 0.6)]),
            outcome("skab", "valve1-0", [("model", 0.9), ("PCA", 0.95), ("no memory", 0.88)]),
        ])
    }

    @Test func `means are per set and split, and each set counts once`() {
        let asd = detection.summary("asd", .all, "model")
        #expect(asd?[.volume] == 0.6)
        #expect(asd?.series == 2)
        #expect(asd?.events == 2)
        #expect(detection.summary("asd", .tuning, "model")?[.volume] == 0.5)
        #expect(detection.summary("asd", .other, "model")?[.volume] == 0.7)
        #expect(detection.summary("skab", .other, "model") == nil)
        #expect(detection.mean(of: ["asd", "skab"], .all, "model")?[.volume] == 0.75)
        #expect(asd?[.microsecondsPerRow] == 1)
        #expect(asd?[.trainingSeconds] == nil)
    }

    @Test func `each bar says what must be reached, what was, and whether that holds`() throws {
        let bars = detection.bars
        func bar(_ set: String, _ what: String) throws -> DetectionBar {
            try #require(bars.first { $0.set == set && $0.what.hasPrefix(what) })
        }
        #expect(try bar("asd", "VUS-PR").isHeld == true)
        #expect(try bar("skab", "VUS-PR").reached == 0.9)
        let best = try bar("skab", "VUS-PR ahead of the best baseline")
        #expect(best.what.hasSuffix("PCA"))
        #expect(best.isHeld == false)
        // The network without its memory is no rival.
        #expect(try bar("asd", "VUS-PR ahead of the best baseline, PCA").isHeld == true)
        #expect(try bar("mean of asd, skab", "VUS-PR ahead of PCA").isHeld == true)
        let memory = bars.filter { $0.what == "VUS-PR ahead of no memory" }
        #expect(memory.map(\.must) == [0.05])
        #expect(memory.allSatisfy { $0.isHeld == true })
        // Five of ninety normal rows are in alarm.
        let normal = try bar("asd", "normal rows in alarm")
        #expect(normal.isHeld == false)
        #expect(try bar("asd", "event recall").isHeld == true)
        #expect(try bar("asd", "false alarms").reached == 0)
        #expect(!bars.contains { $0.set == "smd" || $0.set == "nab" })
        #expect(!bars.contains { $0.what.contains("budget") })
    }

    @Test func `a budget has bars of its own, and silence does not keep it`() throws {
        let bars = Detection(detection.outcomes, budget: 4).bars.filter {
            $0.what.contains("budget")
        }
        #expect(bars.map(\.set) == ["asd", "skab"])
        // No false alarm at all is no budget kept.
        #expect(bars.allSatisfy { $0.isHeld == false })
    }

    @Test func `every row of a table has a cell for each heading`() {
        for table in detection.tables {
            #expect(!table.rows.isEmpty)
            #expect(table.rows.allSatisfy { $0.count == table.headings.count })
        }
        #expect(detection.tables.map(\.title).last == "Bars")
    }

    @Test func `what is tuned on is told from what is looked at once`() {
        let tuning = [
            ("smd", "machine-2-1"), ("asd", "server-1"), ("skab", "valve1-12"), ("nab", "x"),
        ]
        let other = [
            ("smd", "machine-1-2"), ("asd", "server-11"), ("skab", "valve1-1"), ("x", "y"),
        ]
        #expect(tuning.allSatisfy { outcome($0, $1, []).entity.isTuning })
        #expect(!other.contains { outcome($0, $1, []).entity.isTuning })
    }
}
