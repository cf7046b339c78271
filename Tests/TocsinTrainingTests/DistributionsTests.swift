import Glibc
import Testing
import TocsinTestNumbers
import TocsinCore

@testable import TocsinTraining

struct DistributionsTests {
    private static let normal: [Double] = {
        var random = SeededGenerator(seed: 1)
        return (0..<20_000).map { _ in random.normal() }
    }()

    @Test func `a log-normal energy becomes a standard score`() {
        let energies = Self.normal.map { exp(2 + 0.5 * $0) }
        let fitted = logNormal(energies)
        // Standard errors: 0.004 and 0.003; the regularisation adds 0.001.
        expectClose([fitted.median], [exp(2)], tolerance: 0.1)
        expectClose([fitted.mean, fitted.spread], [2, 0.5], tolerance: 0.02)
        #expect(logNormal([1, 1, 1]).spread == 0.1)
        #expect(logNormal([]).spread == 1)
    }

    @Test func `a spread measured on few values is taken at its upper end`() {
        // √(k / χ²₀.₀₅(k)), the quantile by scipy.stats.chi2.ppf(0.05, k). The approximation is 14 %
        // too careful at 2, and good to 3 % from 5 on.
        for (k, exact) in [(5.0, 2.0893), (10, 1.5931), (150, 1.1057), (10_000, 1.0118)] {
            let factor = confidenceFactor(independent: k)
            expectClose([factor / exact], [1], tolerance: 0.03)
        }
        expectClose([confidenceFactor(independent: 2) / 4.4154], [1.14], tolerance: 0.01)
        #expect(confidenceFactor(independent: 0.5) == confidenceFactor(independent: 2))
        #expect(confidentRMS([]) == 0)
    }

    @Test func `a tail tells how often a healthy frame scores as high`() {
        let fitted = tail(Self.normal.sorted())
        for a in [-1.0, 0, 1, 2, 3] {
            let share = Double(Self.normal.count { $0 >= a }) / 20_000
            expectClose([fitted.probability(a)], [share], tolerance: 0.01)
        }
    }

    @Test func `independent frames count in full, slow ones by their memory`() {
        #expect(independentStretches(Self.normal) > 15_000)
        var slow: [Double] = [0]
        for x in Self.normal { slow.append(0.9 * slow[slow.count - 1] + x) }
        // (1 + 0.9)/(1 − 0.9) = 19 frames to one.
        let count = independentStretches(slow)
        #expect(count > 700 && count < 1600)
        #expect(independentStretches([1, 1, 1]) == 1)
    }
}
