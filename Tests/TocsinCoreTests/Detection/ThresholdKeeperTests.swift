import Glibc
import Testing
import TocsinTestNumbers

@testable import TocsinCore

struct ThresholdKeeperTests {
    /// 10 peaks over 1 in 1,000 frames, with excesses that are 0.5 on the mean.
    private let peaks = PeakDistribution(
        level: 1,
        arrivals: 10,
        frames: 1000,
        excess: 5,
        weight: 10
    )

    @Test func `threshold and rate are inverse to each other`() {
        for rate in [0.003, 0.001, 1e-4, 1e-5] {
            let a = peaks.threshold(rate: rate)
            expectClose([peaks.rate(above: a) / rate], [1], tolerance: 1e-9)
        }
        // 0.01 · (1 + 1.5/5)^−10, by hand.
        expectClose([peaks.rate(above: 2.5)], [7.2538e-4], tolerance: 1e-7)
        #expect(peaks.rate(above: 0) == 0.01)
    }

    @Test func `a budget that nothing or everything would meet has bounds`() {
        #expect(peaks.threshold(rate: 1) == 1.5)
        #expect(peaks.threshold(rate: 1e-30) == 20)
    }

    @Test func `fewer peaks leave more open`() {
        var few = peaks
        few.excess = 1
        few.weight = 2
        #expect(few.threshold(rate: 1e-5) > peaks.threshold(rate: 1e-5) + 1)
    }

    /// Feeds frames: quiet ones, with a peak of that height every hundredth.
    private func feed(_ keeper: inout ThresholdKeeper, peaks: [Double], isAlert: Bool = false) {
        for peak in peaks {
            keeper.update(novelty: peak, isAlert: isAlert, rang: isAlert)
            for _ in 1..<100 { keeper.update(novelty: 0, isAlert: false, rang: false) }
        }
    }

    @Test func `it learns how often and how high healthy peaks are`() {
        // Healthy peaks come three times as often as in the calibration, and half as high.
        var keeper = ThresholdKeeper(peaks)
        var random = SeededGenerator(seed: 1)
        var heights: [Double] = []
        for _ in 0..<1000 {
            // Up to the next peak, 33 frames.
            let height = 1 + 0.25 * -log(random.number(in: 1e-9...1))
            heights.append(height)
            keeper.update(novelty: height, isAlert: false, rang: false)
            for _ in 1..<33 { keeper.update(novelty: 0, isAlert: false, rang: false) }
        }
        let rate = keeper.peaks.arrivals / keeper.peaks.frames
        expectClose([rate], [1.0 / 33], tolerance: 0.003)
        expectClose([keeper.peaks.excess / keeper.peaks.weight], [0.25], tolerance: 0.08)
        // What it promises is what happens: 1 peak in 1,000 frames is 1 in 30.
        let threshold = keeper.peaks.threshold(rate: 0.001)
        let above = heights.count { $0 >= threshold }
        #expect((10...70).contains(above), "\(above) of 1000, where 33 were promised")
    }

    @Test func `alerts teach it nothing`() {
        var keeper = ThresholdKeeper(peaks)
        feed(&keeper, peaks: Array(repeating: 9, count: 50), isAlert: true)
        #expect(keeper.alerts == 50 && keeper.frames == 5000)
        #expect(keeper.peaks.weight == peaks.weight && keeper.peaks.excess == peaks.excess)
        #expect(keeper.peaks.arrivals == peaks.arrivals)
    }

    @Test func `peaks near each other are one`() {
        var keeper = ThresholdKeeper(peaks)
        for t in 0..<60 {
            keeper.update(novelty: t % 15 == 0 ? 1.5 : 0, isAlert: false, rang: false)
        }
        for _ in 0..<30 { keeper.update(novelty: 0, isAlert: false, rang: false) }
        #expect(keeper.peaks.weight == peaks.weight + 1)
    }

    @Test func `without a budget the calibration's threshold stands`() throws {
        let model = try Model.small(threshold: 2.5)
        var fleet = Fleet()
        #expect(fleet.add("p", model: model, stream: 0, now: .at(0)) == 0)
        let device = fleet.devices[0]
        var policies = AlertPolicies()
        #expect(device.threshold(policies: policies) == 2.5)
        policies.budgetPerMonth = 20
        let rate = 20 * model.clock.monthsPerFrame
        #expect(device.threshold(policies: policies) == device.keeper.peaks.threshold(rate: rate))
    }

    @Test func `a saved keeper goes on`() throws {
        var keeper = ThresholdKeeper(peaks)
        var random = SeededGenerator(seed: 2)
        for _ in 0..<500 {
            var writer = StateWriter()
            keeper.save(to: &writer)
            var restored = ThresholdKeeper(peaks)
            var reader = StateReader(writer.bytes[...])
            try restored.restore(from: &reader)
            #expect(restored == keeper)
            let novelty = 1.5 * random.normal()
            keeper.update(novelty: novelty, isAlert: novelty > 3, rang: novelty > 3)
        }
    }
}
