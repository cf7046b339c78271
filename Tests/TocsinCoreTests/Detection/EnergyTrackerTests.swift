import Testing
import TocsinTestNumbers

@testable import TocsinCore

struct EnergyTrackerTests {
    @Test func `energies approach the mean square of the deviations`() {
        var tracker = EnergyTracker(channels: 2, rate: 0.2)
        tracker.update(channel: 0, deviation: 3)
        // 1 + 0.2 (9 − 1)
        expectClose(tracker.energies, [2.6, 1], tolerance: 1e-12)
        for _ in 0..<100 { tracker.update(channel: 1, deviation: -2) }
        expectClose(tracker.energies, [2.6, 4], tolerance: 1e-8)
        #expect(
            tracker.mean(where: [true, true]) == (tracker.energies[0] + tracker.energies[1]) / 2
        )
        #expect(tracker.mean(where: [false, true]) == tracker.energies[1])
        #expect(tracker.mean(where: [false, false]) == nil)
    }

    @Test func `a single term is bounded`() {
        var tracker = EnergyTracker(channels: 1, rate: 1)
        tracker.update(channel: 0, deviation: 1e9)
        #expect(tracker.energies == [1000])
    }
}
