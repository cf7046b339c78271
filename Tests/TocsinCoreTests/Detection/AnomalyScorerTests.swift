import Glibc
import Testing
import TocsinTestNumbers
import TocsinNN

@testable import TocsinCore

struct AnomalyScorerTests {
    /// The equations of `design/detection.md`, section 4, once more and as plainly as possible: all
    /// frames are kept, and every sum is taken from the start.
    private struct Plain {
        let calibration: Calibration
        var features: [[Double]] = []
        var predicted: [[Double]] = []
        var reconstructed: [[Double]] = []

        /// E after all frames, from one residual series; smoothing starts at 1.
        private func energy(_ deviations: [[Double]], rate: Double) -> Double {
            var energy = 1.0
            for d in deviations {
                let e = d.reduce(0) { $0 + min($1 * $1, 1000) } / Double(d.count)
                energy = rate * e + (1 - rate) * energy
            }
            return energy
        }

        private func z(_ x: Double, _ usual: Calibration.LogNormal) -> Double {
            (log(x + 0.001 * usual.median + 1e-9) - usual.mean) / usual.spread
        }

        private func deviations(_ others: [[Double]], _ rms: [Double]) -> [[Double]] {
            features.indices.map { t in
                rms.indices.map { c in (features[t][c] - others[t][c]) / rms[c] }
            }
        }

        var score: Double {
            var scores: [Double] = []
            if let usual = calibration.forecast {
                let energy = energy(deviations(predicted, usual.rms), rate: 0.2)
                scores.append(z(energy, usual.energy))
            }
            if let usual = calibration.reconstruction {
                let energy = energy(deviations(reconstructed, usual.rms), rate: 0.2)
                scores.append(z(energy, usual.energy))
            }
            var level = 0.0
            for c in calibration.level.rms.indices {
                var m = 0.0
                for x in features { m = 0.05 * x[c] / calibration.level.rms[c] + 0.95 * m }
                let d = m / calibration.level.meanRMS[c]
                level += min(d * d, 1000) / Double(calibration.level.rms.count)
            }
            scores.append(z(level, calibration.level.energy))
            return max(scores.max() ?? .nan, 0) / calibration.threshold
        }
    }

    @Test(arguments: [Heads.forecast, .reconstruct, [.forecast, .reconstruct]])
    func `the score is that of the equations`(heads: Heads) throws {
        var calibration = try Model.small(names: ["a", "b", "c"], heads: heads).calibration
        calibration.forecast?.rms = [0.5, 2, 0.02]
        calibration.reconstruction?.rms = [1, 0.1, 3]
        calibration.level.rms = [1, 0.3, 2]
        calibration.level.meanRMS = [0.05, 0.5, 1]
        var plain = Plain(calibration: calibration)
        var scorer = AnomalyScorer(channels: 3)
        var random = SeededGenerator(seed: 1)
        var largest = 0.0
        for t in 0..<300 {
            // Quiet, loud and shifted stretches, so that each of the chains leads at times.
            let noise = t / 50 % 2 == 0 ? 0.3 : 4
            let shift = t > 200 ? 5.0 : 0
            let vectors = (0..<3).map { _ in
                (0..<3).map { _ in Float(noise * random.normal() + shift) }
            }
            plain.features.append(vectors[0].map { Double($0) })
            plain.predicted.append(vectors[1].map { Double($0) })
            plain.reconstructed.append(vectors[2].map { Double($0) })
            let energies = scorer.update(
                features: vectors[0],
                predicted: vectors[1],
                reconstructed: vectors[2],
                calibration: calibration
            )
            let found = scorer.score(energies, calibration: calibration)
            let score = try #require(found)
            // Residuals are taken in single precision: 6e-8 of about 10, over an rms of 0.02.
            expectClose([score.value], [plain.score], tolerance: 1e-4, "frame \(t)")
            expectClose([scorer.shares.reduce(0, +)], [1], tolerance: 1e-12)
            #expect(scorer.shares.allSatisfy { $0 >= 0 })
            largest = max(largest, score.value)
        }
        #expect(largest > 1)
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
            let energies = scorer.update(
                features: [x, .nan, 19],
                predicted: [0, 0, 0],
                reconstructed: nil,
                calibration: calibration
            )
            let alone = single.update(
                features: [x, 7],
                predicted: [0, 0],
                reconstructed: nil,
                calibration: pair
            )
            #expect(energies == alone)
            let score = scorer.score(energies, calibration: calibration)
            #expect(score == single.score(alone, calibration: pair))
            #expect(scorer.shares == [1, 0, 0])
            #expect(scorer.deviations.map(\.isNaN) == [false, true, true])
        }
    }

    @Test func `without any channel there is no score`() throws {
        let calibration = try Model.small().calibration
        var scorer = AnomalyScorer(channels: 2)
        let energies = scorer.update(
            features: [.nan, .nan],
            predicted: [0, 0],
            reconstructed: nil,
            calibration: calibration
        )
        #expect(energies == AnomalyScorer.Energies())
        #expect(scorer.score(energies, calibration: calibration) == nil)
    }

    @Test func `one impossible value does not count for ever`() throws {
        let calibration = try Model.small().calibration
        var scorer = AnomalyScorer(channels: 2)
        func value(_ x: Float) -> Double? {
            let energies = scorer.update(
                features: [x, 0],
                predicted: [0, 0],
                reconstructed: nil,
                calibration: calibration
            )
            #expect(scorer.deviations.allSatisfy { abs($0) <= 10 })
            return scorer.score(energies, calibration: calibration)?.value
        }
        #expect(try #require(value(20)) > 1)
        for _ in 0..<60 { _ = value(0) }
        #expect(try #require(value(0)) < 1)
    }

    @Test func `a saved scorer goes on`() throws {
        let calibration = try Model.small(heads: [.forecast, .reconstruct]).calibration
        var scorer = AnomalyScorer(channels: 2)
        var random = SeededGenerator(seed: 3)
        for _ in 0..<100 {
            var writer = StateWriter()
            scorer.save(to: &writer)
            var restored = AnomalyScorer(channels: 2)
            var reader = StateReader(writer.bytes[...])
            try restored.restore(from: &reader)
            let x = [Float(random.normal()), Float(random.normal())]
            let energies = [0, 1].map { which in
                which == 0
                    ? scorer.update(
                        features: x,
                        predicted: [0, 1],
                        reconstructed: [1, 0],
                        calibration: calibration
                    )
                    : restored.update(
                        features: x,
                        predicted: [0, 1],
                        reconstructed: [1, 0],
                        calibration: calibration
                    )
            }
            #expect(energies[0] == energies[1])
        }
    }
}
