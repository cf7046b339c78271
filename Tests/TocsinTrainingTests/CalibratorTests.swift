import Testing
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
        // A channel that stands at 2: its rms is 2, its slow mean in units of that goes to 1.
        let values = (0..<4000).map { t in [2, t % 4 == 0 ? 2 : Double.nan] }
        let level = try calibration(values).level
        expectClose(level.rms, [2, 2], tolerance: 1e-6)
        expectClose(level.meanRMS, [1, 1], tolerance: 0.02)
    }

    @Test func `too few frames are no calibration`() {
        let values = (0..<33).map { [Double($0 % 5), Double($0 % 3)] }
        #expect(throws: DatasetError.tooShort(frames: 29, needed: 30)) { try calibration(values) }
    }
}
