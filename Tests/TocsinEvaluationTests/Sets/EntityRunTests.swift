import Foundation
import Testing
import TocsinCore
import TocsinTestSupport
import TocsinTraining

@testable import TocsinEvaluation

struct EntityRunTests {
    /// Two waves, the second after the first; within `broken` the second one stands still.
    private func table(_ rows: Range<Int>, broken: Range<Int>? = nil) -> String {
        var text = "timestamp,left,right" + (broken == nil ? "\n" : ",label\n")
        for t in rows {
            let time = Timestamp(microseconds: 1_767_225_600_000_000) + .seconds(10 * t)
            var random = SeededGenerator(seed: UInt64(t))
            let wave = sin(Double(t) / 4)
            let isBroken = broken?.contains(t) ?? false
            let values = [wave, isBroken ? 4 : 0.5 * wave].map { $0 + 0.1 * random.uniform() }
            text += "\(time),\(values[0]),\(values[1])"
            text += broken == nil ? "\n" : (isBroken ? ",1\n" : ",0\n")
        }
        return text
    }

    @Test func `a model that never saw the labelled rows finds the event, and names its cause`()
        throws
    {
        let folder = try TemporaryFolder()
        let train = try folder.write(table(0..<600), to: "train.csv")
        let test = try folder.write(table(600..<900, broken: 700..<740), to: "test.csv")
        let entity = LabelledEntity(
            set: "made-up",
            name: "a",
            train: LabelledEntity.Table(path: train, rows: 600),
            commonTrain: nil,
            test: LabelledEntity.Table(path: test, rows: 300),
            causes: [RootCause(rows: 100..<140, channels: ["right"])]
        )
        let results = try EntityRun().results(entity)
        #expect(results.map(\.detector) == ["model"] + Baseline.Kind.allCases.map(\.rawValue))
        let model = try #require(results.first)
        #expect(model.evaluation.alarms.found == 1)
        #expect(model.evaluation.volume ?? 0 > 0.5)
        #expect(model.trainingSeconds ?? 0 > 0)
        #expect(model.series?.scores.count == 300)
        #expect(model.causes?.atPeak.events == 1)
        #expect(model.causes?.atPeak.hit(0) == 1)
        #expect(model.causes?.atAlert.events == 1)
        #expect(results.dropFirst().allSatisfy { $0.series == nil && $0.causes == nil })

        let again = try EntityRun().results(entity)
        #expect(again.map(\.evaluation) == results.map(\.evaluation))
        #expect(again.first?.series?.leading == model.series?.leading)
    }
}
