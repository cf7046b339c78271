import Testing
import TocsinTestNumbers
import TocsinCore

@testable import TocsinTraining

struct DriftCalibratorTests {
    private func hidden(_ frames: Int, seed: UInt64, shift: Float = 0) -> [[Float]] {
        var random = SeededGenerator(seed: seed)
        return (0..<frames).map { _ in
            let x = Float(random.normal())
            return [x + shift, 0.5 * x + 0.1 * Float(random.normal()) + shift]
        }
    }

    private func deviations(_ frames: Int, seed: UInt64, scale: Double = 1) -> [[Double]] {
        var random = SeededGenerator(seed: seed)
        return (0..<frames).map { _ in [scale * random.normal(), scale * random.normal()] }
    }

    @Test func `a clean stretch does not ring, a shifted one does`() {
        let calibrator = DriftCalibrator(
            hidden: [hidden(3000, seed: 1)],
            deviations: deviations(1000, seed: 2),
            everything: [deviations(3000, seed: 3)]
        )
        let reference = calibrator.reference(channels: 2, day: 500, seed: 1)
        #expect(reference == calibrator.reference(channels: 2, day: 500, seed: 1))
        func largest(_ deviations: [[Double]], _ states: [[Float]]) -> [Double] {
            var detector = DriftDetector(reference)
            var largest = [0.0, 0, 0, 0]
            for (deviation, state) in zip(deviations, states) {
                let drift = detector.update(deviations: deviation, hidden: state)
                for i in 0..<4 { largest[i] = max(largest[i], drift.ratios[i]) }
            }
            return largest
        }
        let clean = largest(deviations(3000, seed: 5), hidden(3000, seed: 6))
        #expect(clean.allSatisfy { $0 < 1 }, "\(clean)")
        let louder = largest(deviations(1000, seed: 5, scale: 3), hidden(1000, seed: 6))
        #expect(louder[DriftCause.residual.rawValue] > 1)
        #expect(louder[DriftCause.place.rawValue] < 1)
        let moved = largest(deviations(1000, seed: 5), hidden(1000, seed: 6, shift: 2))
        #expect(moved[DriftCause.place.rawValue] > 1)
        #expect(moved[DriftCause.residual.rawValue] < 1)
    }

    @Test func `whitened states have covariance one`() {
        let states = hidden(5000, seed: 1)
        let reference = DriftCalibrator(hidden: [states], deviations: deviations(100, seed: 2))
            .reference(channels: 2, day: 500, seed: 1)
        let w = reference.hiddenWhitening
        let m = reference.hiddenMean
        var sums: [Float] = [0, 0, 0]
        for state in states {
            let a = w[0] * (state[0] - m[0])
            let b = w[1] * (state[0] - m[0]) + w[2] * (state[1] - m[1])
            sums[0] += a * a / 5000
            sums[1] += b * b / 5000
            sums[2] += a * b / 5000
        }
        // Regularised by 1 % of the mean variance, which is about half of the smaller one's.
        expectClose([sums[0], sums[2]], [1, 0], tolerance: 0.1)
        #expect(sums[1] > 0.4 && sums[1] <= 1.01)
    }

    @Test func `what is expected is bounded by what was seen`() {
        let reference = DriftCalibrator(
            hidden: [hidden(3000, seed: 1)],
            deviations: deviations(1000, seed: 2)
        ).reference(channels: 2, day: 500, seed: 1)
        #expect(reference.framesPerFalseAlert > 0)
        #expect(reference.framesPerFalseAlert <= 2 * 3000)
        // One per a thousand frames, twice the memory of the means.
        #expect(reference.independentStretches == 3)
    }
}
