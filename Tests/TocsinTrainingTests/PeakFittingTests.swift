import Glibc
import Testing
import TocsinCore
import TocsinTestNumbers

@testable import TocsinTraining

struct PeakFittingTests {
    @Test func `stretches near each other are one peak, as high as the highest`() {
        var series = Array(repeating: 0.0, count: 200)
        series[10] = 2
        series[11] = 3
        series[30] = 2.5
        // 20 frames after frame 30 is the same peak, 21 after that is another.
        series[50] = 1
        series[71] = 4
        #expect(PeakDistribution.peaks(series, level: 1) == [3, 4])
        #expect(PeakDistribution.peaks(series, level: 3.5) == [4])
        #expect(PeakDistribution.peaks(series, level: 5) == [])
    }

    @Test func `the fitted rate holds on later data of the same kind`() {
        var random = SeededGenerator(seed: 5)
        // Smoothed noise, as a novelty is: about 5 frames are remembered.
        func series(_ count: Int) -> [Double] {
            var state = 0.0
            return (0..<count).map { _ in
                state += 0.2 * (3 * random.normal() - state)
                return state
            }
        }
        let peaks = PeakDistribution(fitting: series(5000))
        let later = series(200_000)
        for rate in [1e-3, 3e-4] {
            let threshold = peaks.threshold(rate: rate)
            let found = Double(PeakDistribution.peaks(later, level: threshold).count) / 200_000
            // It promises an upper bound, and no more than that: within a factor of four below.
            #expect(found <= 1.2 * rate, "\(found) where \(rate) was promised")
            #expect(found >= rate / 4, "\(found) where \(rate) was promised")
        }
    }

    @Test func `a series without peaks has a distribution all the same`() {
        let flat = PeakDistribution(fitting: Array(repeating: 0.5, count: 40))
        #expect(flat.arrivals > 0 && flat.weight > 0 && flat.excess > 0)
        #expect(flat.threshold(rate: 1e-4).isFinite)
        let empty = PeakDistribution(fitting: [])
        #expect(empty.threshold(rate: 1e-4).isFinite)
    }
}
