import Glibc
import Testing
import TocsinTestNumbers
import TocsinNN

@testable import TocsinCore

struct AnomalyScorerTests {
    /// The equations once more and as plainly as possible, for a frame with all channels present.
    private struct Plain {
        var trained: [Double]
        var recent: [Double]
        var power: [Double]

        init(_ channels: Int) {
            trained = Array(repeating: 1, count: channels)
            recent = trained
            power = trained
        }

        private func s(_ q: Double) -> Double { q > 100 ? 100 + 100 * log(q / 100) : q }

        mutating func update(_ d: [Double]) {
            for c in d.indices {
                let q = d[c] * d[c]
                trained[c] = 0.8 * trained[c] + 0.2 * s(q)
                recent[c] = 0.8 * recent[c] + 0.2 * s(q / max(power[c], 1))
                power[c] += (min(q, 30 * power[c]) - power[c]) / 300
            }
        }

        func score(_ calibration: Calibration) -> (value: Double, novelty: Double) {
            func z(_ energies: [Double], _ usual: Calibration.LogNormal) -> Double {
                let mean = energies.reduce(0, +) / Double(energies.count)
                return (log(mean + 0.001 * usual.median + 1e-9) - usual.mean) / usual.spread
            }
            let a = z(trained, calibration.residual.trained)
            let b = z(recent, calibration.residual.recent)
            let boundary = log(1 + exp(calibration.threshold))
            return (log(1 + exp(0.7 * a + 0.3 * b)) / boundary, log(1 + exp(b)) / boundary)
        }
    }

    private func score(
        _ scorer: inout AnomalyScorer,
        _ features: [Float],
        _ expected: [Float]?,
        _ calibration: Calibration
    ) -> AnomalyScorer.Score? {
        scorer.update(features: features, expected: expected, calibration: calibration).map {
            AnomalyScorer.score(
                AnomalyScorer.standardScores($0, calibration: calibration),
                threshold: calibration.threshold,
                calibration: calibration
            )
        }
    }

    @Test func `score and novelty are those of the equations`() throws {
        var calibration = try Model.small(names: ["a", "b", "c"]).calibration
        calibration.residual.rms = [0.5, 2, 0.02]
        calibration.residual.recent.mean = 0.3
        var plain = Plain(3)
        var scorer = AnomalyScorer(channels: 3)
        var random = SeededGenerator(seed: 1)
        var largest = 0.0
        for t in 0..<600 {
            // Quiet, loud and shifted stretches.
            let noise = t / 50 % 2 == 0 ? 0.1 : 2
            let shift = t > 400 ? 5.0 : 0
            let x = (0..<3).map { _ in Float(noise * random.normal() + shift) }
            let f = (0..<3).map { _ in Float(0.1 * random.normal()) }
            plain.update(
                (0..<3).map { (Double(x[$0]) - Double(f[$0])) / calibration.residual.rms[$0] }
            )
            let found = try #require(score(&scorer, x, f, calibration))
            let wanted = plain.score(calibration)
            // Residuals are taken in single precision: 6e-8 of about 10, over an rms of 0.02.
            expectClose(
                [found.value, found.novelty],
                [wanted.value, wanted.novelty],
                tolerance: 1e-4,
                "frame \(t)"
            )
            expectClose([scorer.shares.reduce(0, +)], [1], tolerance: 1e-12)
            #expect(scorer.shares.allSatisfy { $0 >= 0 })
            largest = max(largest, found.value)
        }
        #expect(largest > 1)
    }

    @Test func `a lasting departure stays unlike training and stops being new`() throws {
        let calibration = try Model.small(names: ["a", "b", "c"]).calibration
        var scorer = AnomalyScorer(channels: 3)
        var random = SeededGenerator(seed: 4)
        func feed(_ shift: Double, _ frames: Int) throws -> AnomalyScorer.Score {
            var last: AnomalyScorer.Score?
            for _ in 0..<frames {
                let x = [shift + random.normal(), random.normal(), random.normal()]
                last = score(&scorer, x.map { Float($0) }, [0, 0, 0], calibration)
            }
            return try #require(last)
        }
        let healthy = try feed(0, 200)
        #expect(healthy.value < 0.9 && healthy.novelty < 0.9)
        let onset = try feed(8, 5)
        #expect(onset.value > 1 && onset.novelty > 1)
        let lasting = try feed(8, 1500)
        #expect(lasting.value > 1 && lasting.novelty < 0.9)

        // What happens to the other channels is still heard, …
        var other = scorer
        for _ in 0..<5 { _ = score(&other, [8, 8, 8], [0, 0, 0], calibration) }
        #expect(try #require(score(&other, [8, 8, 8], [0, 0, 0], calibration)).novelty > 1)
        // … and coming back is no news.
        #expect(try feed(0, 5).novelty < 0.9)
    }

    @Test func `one mad channel does not drown the others`() throws {
        let calibration = try Model.small(names: ["a", "b", "c"]).calibration
        var scorer = AnomalyScorer(channels: 3)
        for _ in 0..<20 { _ = score(&scorer, [1000, 10, 0], [0, 0, 0], calibration) }
        #expect(scorer.shares[0] > scorer.shares[1])
        #expect(scorer.shares[1] > 0.03)
    }

    @Test func `masked and unscored channels take no part`() throws {
        var calibration = try Model.small(names: ["a", "b", "c"]).calibration
        calibration.isScored = [true, true, false]
        var scorer = AnomalyScorer(channels: 3)
        var pair = try Model.small().calibration
        pair.isScored = [true, false]
        var single = AnomalyScorer(channels: 2)
        var random = SeededGenerator(seed: 2)
        for _ in 0..<100 {
            let x = Float(random.normal())
            let found = score(&scorer, [x, .nan, 19], [0, 0, 0], calibration)
            #expect(found == score(&single, [x, 7], [0, 0], pair))
            #expect(scorer.shares == [1, 0, 0])
            #expect(scorer.deviations.map(\.isNaN) == [false, true, true])
        }
    }

    @Test func `without any channel there is no score`() throws {
        let calibration = try Model.small().calibration
        var scorer = AnomalyScorer(channels: 2)
        #expect(score(&scorer, [.nan, .nan], [0, 0], calibration) == nil)
    }

    @Test func `one impossible value does not count for ever`() throws {
        let calibration = try Model.small().calibration
        var scorer = AnomalyScorer(channels: 2)
        #expect(try #require(score(&scorer, [20, 0], [0, 0], calibration)).novelty > 1)
        #expect(scorer.deviations == [10, 0])
        for _ in 0..<60 { _ = score(&scorer, [0, 0], [0, 0], calibration) }
        #expect(try #require(score(&scorer, [0, 0], [0, 0], calibration)).value < 1)
        #expect(scorer.deviations.allSatisfy { abs($0) <= 10 })
    }
}
