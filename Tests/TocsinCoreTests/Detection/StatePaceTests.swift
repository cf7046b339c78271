import Testing
import TocsinTestNumbers

@testable import TocsinCore

struct StatePaceTests {
    /// One hidden unit: its step of one frame less half its step of four.
    private let reference = StatePace.Reference(
        weights: [1, -0.5],
        limits: [3, 8],
        offset: 0.25,
        threshold: 1
    )

    private func update(_ tracker: inout StatePace, _ h: Float) -> (step: Double, pace: Double) {
        tracker.update(state: [9, h], hidden: 1..<2, reference: reference)
    }

    @Test func `step and pace are those of the equations`() {
        var tracker = StatePace(hiddenSize: 1)
        #expect(update(&tracker, 1).step.isNaN)
        for (h, step) in [(2, 1), (4, 2), (7, 3)] as [(Float, Double)] {
            let found = update(&tracker, h)
            #expect(found.step == step)
            #expect(found.pace == 0)
        }
        // |11 − 7| is limited to 3, |11 − 1| to 8: 3 − 4 − 0.25.
        let fifth = update(&tracker, 11)
        #expect(fifth.step == 4)
        expectClose([fifth.pace], [-1.25 / 500], tolerance: 1e-12)
        // |11 − 11|, |11 − 2| limited to 8.
        let sixth = update(&tracker, 11)
        expectClose([sixth.pace], [-1.25 / 500 * 499 / 500 - 4.25 / 500], tolerance: 1e-12)
    }

    @Test func `after a reset the pace stays, and waits for four states`() {
        var tracker = StatePace(hiddenSize: 1)
        for h in 0..<8 { _ = update(&tracker, Float(h)) }
        let before = update(&tracker, 8).pace
        tracker.forgetStates()
        #expect(update(&tracker, 100).step.isNaN)
        for _ in 0..<3 { #expect(update(&tracker, 0).pace == before) }
        #expect(update(&tracker, 0).pace != before)
    }

    @Test func `a saved tracker goes on`() throws {
        var tracker = StatePace(hiddenSize: 1)
        var random = SeededGenerator(seed: 1)
        for t in 0..<50 {
            var writer = StateWriter()
            tracker.save(to: &writer)
            var other = StatePace(hiddenSize: 1)
            var reader = StateReader(writer.bytes[...])
            try other.restore(from: &reader)
            #expect(other == tracker)
            if t == 20 { tracker.forgetStates() }
            _ = update(&tracker, Float(random.uniform()))
        }
    }
}
