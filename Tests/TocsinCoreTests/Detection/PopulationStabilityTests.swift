import Glibc
import Testing
import TocsinTestNumbers

@testable import TocsinCore

struct PopulationStabilityTests {
    private let reference = PopulationStability.Reference(
        edges: [0, 1],
        shares: [0.25, 0.5, 0.25],
        threshold: 0.3
    )

    @Test func `the index is that of the equations`() {
        var tracker = PopulationStability(reference)
        let usual = PopulationStability.Usual(reference)
        var shares = reference.shares
        var random = SeededGenerator(seed: 1)
        for _ in 0..<1000 {
            let value = 2 * random.normal()
            let bin = value > 1 ? 2 : value > 0 ? 1 : 0
            var index = 0.0
            for k in 0..<3 {
                shares[k] = shares[k] * 199 / 200 + (k == bin ? 1.0 / 200 : 0)
                let w = max(shares[k], 1e-4)
                index += (w - reference.shares[k]) * log(w / reference.shares[k])
            }
            expectClose([tracker.update(value, usual: usual)], [index], tolerance: 1e-5)
        }
    }

    @Test func `an index begins at zero and grows with a change that lasts`() {
        var tracker = PopulationStability(reference)
        let usual = PopulationStability.Usual(reference)
        #expect(tracker.update(0.5, usual: usual) < 1e-4)
        var index = 0.0
        for _ in 0..<30 { index = tracker.update(5, usual: usual) }
        #expect(index < 0.3)
        for _ in 0..<400 { index = tracker.update(5, usual: usual) }
        #expect(index > 1)
    }

    @Test(arguments: [(-1.0, 0), (0, 0), (0.001, 1), (1, 1), (1.001, 2), (.infinity, 2)])
    func `a border belongs to the bin below it`(value: Double, bin: Int) {
        let usual = PopulationStability.Usual(reference)
        // Well inside each bin.
        let inside = [-9, 0.5, 9][bin]
        var (tracker, other) = (PopulationStability(reference), PopulationStability(reference))
        var indices: [Double] = []
        for _ in 0..<100 {
            indices.append(tracker.update(value, usual: usual))
            #expect(indices.last == other.update(inside, usual: usual))
        }
        #expect(indices[99] > 0.01)
    }

    @Test func `a missing value changes nothing`() {
        let usual = PopulationStability.Usual(reference)
        var tracker = PopulationStability(reference)
        for _ in 0..<9 { _ = tracker.update(5, usual: usual) }
        var other = tracker
        #expect(tracker.update(.nan, usual: usual) == 0)
        #expect(tracker.update(0.5, usual: usual) == other.update(0.5, usual: usual))
    }
}
