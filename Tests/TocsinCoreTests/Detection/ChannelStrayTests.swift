import Testing
import TocsinTestNumbers

@testable import TocsinCore

struct ChannelStrayTests {
    private let reference = ChannelStray.Reference(
        limit: Array(repeating: 4, count: 16),
        usual: Array(repeating: 1, count: 16),
        stray: (0..<16).map { $0 == 3 ? 0.1 : 0.5 },
        burst: 2,
        threshold: 3
    )

    /// Usual deviations but for some channels.
    private func frame(_ value: Double, in channels: Range<Int>) -> [Double] {
        (0..<16).map { channels.contains($0) ? value : 1 }
    }

    @Test func `a mean is that of the equation, a missing channel waits`() {
        var tracker = ChannelStray(reference)
        var values = frame(1.5, in: 0..<1)
        values[1] = .nan
        values[2] = 100
        // The second largest of fifteen: channel 0's.
        let index = tracker.update(values)
        expectClose([index], [2 * 1.25 / 500], tolerance: 1e-12)
        expectClose(
            [tracker.means[0], tracker.means[1], tracker.means[2]],
            [1 + 1.25 / 500, 1, 1 + 3.0 / 500],
            tolerance: 1e-12
        )
        expectClose([tracker.stray(of: 2)], [2 * 3.0 / 500], tolerance: 1e-12)
    }

    @Test(arguments: [(2, false), (3, true)])
    func `more than an eighth of the channels must stray`(count: Int, isDrift: Bool) {
        var tracker = ChannelStray(reference)
        var index = 0.0
        for _ in 0..<5000 {
            index = tracker.update(frame(2, in: 3..<3 + count))
        }
        // The third of the z, which are 30, 6 and 6: in a mean of 4, all above 1 is 3.
        expectClose([index], [isDrift ? 6 : 0], tolerance: 0.01)
    }

    @Test func `a burst of sixty frames does not count, what lasts does`() {
        var tracker = ChannelStray(reference)
        let loud = frame(9, in: 0..<16)
        for _ in 0..<59 { #expect(tracker.update(loud) == 0) }
        for _ in 0..<59 {
            #expect(tracker.update(frame(1, in: 0..<0)) == 0)
        }
        var index = 0.0
        for _ in 0..<60 { index = tracker.update(loud) }
        #expect(index > 0)
        for _ in 0..<500 { index = tracker.update(loud) }
        #expect(index > 3)
    }
}
