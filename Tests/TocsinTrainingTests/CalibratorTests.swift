import Testing
import TocsinTestNumbers
import TocsinNN

@testable import TocsinCore
@testable import TocsinTraining

struct CalibratorTests {
    private func calibration(_ values: [[Double]]) throws -> Calibration {
        let blueprint = Blueprint(inputSize: 2, hiddenSize: 4)
        let calibrator = try Calibrator(
            streaming: [Series.sequence(values)],
            after: [],
            scaler: Scaler(offset: [0, 0], gain: [1, 1]),
            autoencoder: try Autoencoder(
                blueprint: blueprint,
                parameters: Initialisation(seed: 1).parameters(for: blueprint)
            ),
            warmUp: 8
        )
        return calibrator.calibration(
            isScored: [true, true],
            faults: FaultLimits(still: [0, 0], absent: [0, 0]),
            day: 100,
            seed: 1
        )
    }

    @Test func `a channel that is often missing is calibrated on what is there`() throws {
        // White noise of spread 1 that a network which was never fitted foresees not at all: with
        // 8,000 values an interval of 95 % leaves 1 % open, with 2,000 some 3 %. Its own forecasts
        // add a little.
        var random = SeededGenerator(seed: 1)
        let values = (0..<8000).map { t in
            [random.normal(), t % 4 == 0 ? random.normal() : Double.nan]
        }
        let residual = try calibration(values).residual
        expectClose(residual.rms, [1.05, 1.05], tolerance: 0.1)
        #expect(residual.rms.allSatisfy { $0 > 1 })
    }

    @Test func `a calibration's own frames seldom score above 1`() throws {
        var random = SeededGenerator(seed: 2)
        let values = (0..<4000).map { _ in [random.normal(), random.normal()] }
        let calibration = try calibration(values)
        // The boundary lies 2.7 spreads out: 0.3 % of a normal distribution, and somewhat more of
        // smoothed energies, whose logarithm leans to the right.
        #expect(calibration.tail.probability(2.7) < 0.02)
        #expect((0.3...0.7).contains(calibration.tail.probability(0)))
        #expect(calibration.peaks.rate(above: 2.7) < 0.005)
    }

    @Test func `too few frames are no calibration`() {
        let values = (0..<33).map { [Double($0 % 5), Double($0 % 3)] }
        #expect(throws: DatasetError.tooShort(frames: 29, needed: 30)) { try calibration(values) }
    }
}
