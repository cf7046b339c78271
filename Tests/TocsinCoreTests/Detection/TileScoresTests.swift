import Glibc
import Testing

@testable import TocsinCore

/// Scores of a tile's devices, worked out together, held against those of one alone.
struct TileScoresTests {
    private func score(
        _ sums: [ChannelEnergies.Sums],
        _ calibration: Calibration,
        _ body: (TileScores) -> Void
    ) {
        let quantiles = Constants(calibration.tail.quantiles)
        var scoring = calibration.scoring(quantiles.numbers)
        let scores = TileScores(devices: sums.count)
        for (row, sums) in sums.enumerated() { scores.put(sums, row: row) }
        withExtendedLifetime(quantiles) { unsafe scores.update(&scoring, count: sums.count) }
        body(scores)
        scores.deallocate()
    }

    private func expectClose(_ a: Double, _ b: Double, _ message: String) {
        #expect(abs(a - b) <= 1e-12 * max(1, abs(b)), "\(message): \(a), not \(b)")
    }

    @Test func `scores are those of the plain form`() throws {
        var calibration = try Model.small().calibration
        calibration.residual.trained.mean = 0.3
        calibration.residual.recent.spread = 0.7
        var random = SeededGenerator(seed: 1)
        for round in 0..<200 {
            // From none at all to far beyond what is usual.
            let width = [1, 4, 40][round % 3]
            let sums = (0..<24).map { row in
                func energy() -> Double { exp(Double(width) * random.normal()) }
                let count = Double(1 + row % 9)
                return ChannelEnergies.Sums(
                    trained: round == 7 ? 0 : count * energy(),
                    recent: count * energy(),
                    count: count,
                    surprise: DriftWatch.Surprise(sum: count * energy(), count: count)
                )
            }
            score(sums, calibration) { scores in
                for (row, sums) in sums.enumerated() {
                    guard let energies = sums.energies else { continue }
                    let wanted = AnomalyScorer.standardScores(energies, calibration: calibration)
                    let found = scores.standardScores(row)
                    expectClose(found.fused, wanted.fused, "A of \(energies)")
                    expectClose(found.novelty, wanted.novelty, "B of \(energies)")
                    let score = AnomalyScorer.score(found, threshold: 3, calibration: calibration)
                    let boundary = AnomalyScorer.positive(3)
                    let got = scores.score(row, boundary: boundary)
                    expectClose(got.value, score.value, "score of \(found)")
                    expectClose(got.novelty, score.novelty, "novelty of \(found)")
                    expectClose(got.tailProbability, score.tailProbability, "tail of \(found)")
                    expectClose(scores.surprise(row), sums.surprise.logarithm, "surprise")
                }
            }
        }
    }

    @Test func `small scores keep their digits`() throws {
        let calibration = try Model.small().calibration
        let sums = ChannelEnergies.Sums(trained: 1e-9, recent: 1e-9, count: 1)
        score([sums], calibration) { scores in
            let a = scores.standardScores(0).fused
            let wanted = AnomalyScorer.positive(a)
            #expect(a < -10)
            #expect(abs(scores.score(0, boundary: 1).value - wanted) < 1e-12 * wanted)
        }
    }

    @Test func `a device that nothing is known of has no score`() throws {
        let calibration = try Model.small().calibration
        let known = ChannelEnergies.Sums(
            trained: 2,
            recent: 2,
            count: 2,
            surprise: DriftWatch.Surprise(sum: 0, count: 0)
        )
        score([ChannelEnergies.Sums(), known], calibration) { scores in
            #expect(!scores.isScored(0))
            #expect(scores.isScored(1))
            #expect(scores.surprise(1).isNaN)
            #expect(!scores.standardScores(1).fused.isNaN)
        }
    }

    @Test func `a probability falls from one to nothing, through every quantile`() throws {
        let calibration = try Model.small().calibration
        var last = 1.1
        for a in stride(from: -3.0, to: 8, by: 0.01) {
            // An energy whose A and B are a.
            let usual = calibration.residual.trained
            let energy = exp(a * usual.spread + usual.mean) - usual.added
            guard energy > 0 else { continue }
            let sums = ChannelEnergies.Sums(trained: energy, recent: energy, count: 1)
            score([sums], calibration) { scores in
                let tail = scores.score(0, boundary: 1).tailProbability
                expectClose(tail, calibration.tail.probability(scores.standardScores(0).fused), "")
                #expect(tail <= last)
                last = tail
            }
        }
        #expect(last < 1e-6)
    }
}
