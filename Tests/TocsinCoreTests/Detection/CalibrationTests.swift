import Glibc
import Testing
import TocsinTestNumbers

@testable import TocsinCore

struct CalibrationTests {
    @Test func `a tail probability falls without a jump`() {
        let quantiles = (0..<64).map { pow(Double($0) / 20, 2) - 1 }
        let tail = Calibration.Tail(quantiles: quantiles, excess: 0.7)
        var before = 1.0
        for a in stride(from: -2.0, through: 30, by: 0.001) {
            let probability = tail.probability(a)
            #expect(probability <= before && probability > 0)
            #expect(before - probability < 0.01, "at \(a)")
            before = probability
        }
        #expect(tail.probability(-1) == 1)
        expectClose([tail.probability(quantiles[32])], [0.5], tolerance: 1e-12)
        expectClose([tail.probability(quantiles[63] + 0.7)], [exp(-1) / 64], tolerance: 1e-12)
        #expect(tail.probability(1e9) == 0)
    }

    @Test func `equal quantiles are stepped over`() {
        let tail = Calibration.Tail(
            quantiles: Array(repeating: 0, count: 32) + Array(repeating: 1, count: 32),
            excess: 1
        )
        #expect(tail.probability(0) == 1)
        expectClose([tail.probability(1e-12)], [1 - 31.0 / 64], tolerance: 1e-9)
        expectClose([tail.probability(1)], [1.0 / 64], tolerance: 1e-12)
    }

    @Test func `a standard score counts spreads of the logarithm`() {
        let usual = Calibration.LogNormal(median: 0, mean: log(2), spread: 0.5)
        expectClose([usual.standardScore(2 * exp(1))], [2], tolerance: 1e-8)
        #expect(usual.standardScore(0).isFinite)
    }
}
