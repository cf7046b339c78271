import Testing
import TocsinCore

@testable import TocsinTraining

struct FaultFittingTests {
    @Test func `limits are three times the longest healthy run and a margin`() {
        // Channel 0 repeats itself 4 times, channel 1 stays away for 3 frames, channel 2 stands
        // still.
        let values = (0..<100).map { t in
            [
                (10...14).contains(t) ? 7.5 : Double(t), (20...22).contains(t) ? .nan : Double(t),
                1.0,
            ]
        }
        let limits = FaultLimits(fitting: [Series.sequence(values)], channels: 3)
        #expect(limits.still == [3 * 4 + 20, 20, 0])
        #expect(limits.absent == [20, 3 * 3 + 20, 20])
        #expect(limits.bad == 3)
    }
}
