import Testing
import TocsinCore

@testable import TocsinTraining

struct FaultFittingTests {
    @Test func `limits are five times the longest healthy run and a margin`() {
        // Channel 0 repeats itself 4 times, channel 1 stays away for 3 frames, channel 2 stands
        // still.
        let values = (0..<100).map { t in
            [
                (10...14).contains(t) ? 7.5 : Double(t), (20...22).contains(t) ? .nan : Double(t),
                1.0,
            ]
        }
        let limits = FaultLimits(fitting: [Series.sequence(values)], channels: 3)
        #expect(limits.still == [5 * 4 + 60, 60, 0])
        #expect(limits.absent == [60, 5 * 3 + 60, 60])
        #expect(limits.bad == 3)
        // The largest healthy changes, but for those across missing frames: 15 − 7.5, 1 and none.
        #expect(limits.steps == [3 * 7.5, 3, 0])
        #expect(limits.usualGap == 0)
    }

    @Test func `a gap that came three times is usual, one that came once is not`() {
        func limits(_ pauses: [Int]) -> FaultLimits {
            let values: [[Double]] = pauses.flatMap { pause in
                (0..<50).map { [Double($0 % 7)] } + (0..<pause).map { _ in [.nan] }
            }
            return FaultLimits(fitting: [Series.sequence(values + [[1]])], channels: 1)
        }
        #expect(limits([0, 0, 7, 0]).usualGap == 0)
        #expect(limits([9, 6, 0, 8]).usualGap == 7)
    }
}
