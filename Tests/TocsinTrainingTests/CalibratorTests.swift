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
        // White noise of spread 1: its slow mean has the spread √(0.05 / 1.95) = 0.160, and some
        // hundred independent values leave 10 % open.
        var random = SeededGenerator(seed: 1)
        let values = (0..<8000).map { t in
            [random.normal(), t % 4 == 0 ? random.normal() : Double.nan]
        }
        let level = try calibration(values).level
        expectClose(level.rms, [1, 1], tolerance: 0.05)
        expectClose(level.meanRMS, [0.17, 0.18], tolerance: 0.03)
    }

    @Test func `too few frames are no calibration`() {
        let values = (0..<33).map { [Double($0 % 5), Double($0 % 3)] }
        #expect(throws: DatasetError.tooShort(frames: 29, needed: 30)) { try calibration(values) }
    }
}
