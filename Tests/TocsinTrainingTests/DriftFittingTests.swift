import Testing
import TocsinCore
import TocsinTestNumbers

@testable import TocsinTraining

struct DriftFittingTests {
    @Test func `a faster sequence has the values in between`() {
        let sequence = Series.sequence((0..<8).map { [Double(10 * $0), $0 == 3 ? .nan : 1] })
        let faster = sequence.faster(by: 1.5)
        #expect(faster.count == 4)
        expectClose(
            (0..<4).flatMap { [faster.value($0, 0), faster.value($0, 1)] },
            // Rows 0, 1.5, 3 and 4.5.
            [0, 1, 15, 1, 30, .nan, 45, 1],
            tolerance: 1e-9
        )
        #expect(faster.times == Array(sequence.times.prefix(4)))
    }

    @Test func `a solution solves its equations`() {
        // L = [[2, 0], [1, 3]].
        let factor = Cholesky([4, 0, 2, 10], size: 2)
        expectClose(factor.solve([8, 14]), [13.0 / 9, 10.0 / 9], tolerance: 1e-12)
        expectClose(factor.inverse, [0.5, -1.0 / 6, 1.0 / 3], tolerance: 1e-12)
    }

    @Test func `channels stray as far as they did`() {
        // Channel 0 is louder for 500 frames, channel 1 never; channel 2 is not scored.
        let frames = (0..<4000).map { t in
            [(1000..<1500).contains(t) ? 2.0 : 1, t % 2 == 0 ? 1 : -1, Double.nan]
        }
        let reference = ChannelStray.Reference(fitting: [frames], channels: 3)
        expectClose(reference.limit, [4, 1, 0], tolerance: 1e-9)
        expectClose(reference.usual, [1.375, 1, 0], tolerance: 1e-9)
        // The mean comes down to 1 + 0.375·0.998¹⁰⁰⁰ = 1.0507, then up to 4 − 2.9493·0.998⁵⁰⁰ = 2.916.
        expectClose([reference.stray[0]], [2.916 - 1.375], tolerance: 2e-3)
        #expect(reference.stray[1] == 1e-3)
        #expect(reference.threshold == 4)
    }

    @Test func `a pace is learned from a faster course, and tells it`() {
        /// Two units on a slow wave, and noise.
        func course(_ speed: Double, seed: UInt64) -> [[Float]] {
            var random = SeededGenerator(seed: seed)
            var phase = 0.0
            return (0..<4000).map { _ in
                phase += 0.1 * speed
                let wave = phase.truncatingRemainder(dividingBy: 2)
                return [Float(abs(wave - 1)), Float(0.05 * random.normal())]
            }
        }
        let reference = StatePace.Reference(
            fitting: [course(1, seed: 1)],
            faster: [course(1.4, seed: 2)],
            hiddenSize: 2
        )
        func pace(_ states: [[Float]]) -> Double {
            var watched = DriftReference.none
            watched.hiddenMean = [0, 0]
            watched.pace = reference
            var detector = DriftDetector(watched)
            var ratio = 0.0
            for state in states {
                let drift = detector.update(deviations: [], hidden: state)
                ratio = drift.ratios[DriftCause.speed.rawValue]
            }
            return ratio
        }
        #expect(pace(course(1, seed: 3)) < 0.3)
        #expect(pace(course(1.4, seed: 4)) > 1)
        let nothing = StatePace.Reference(fitting: [], faster: [], hiddenSize: 2)
        #expect(nothing.weights.isEmpty)
    }
}
