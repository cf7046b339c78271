import Glibc
import Testing
import TocsinTestNumbers

@testable import TocsinCore

struct DriftDetectorTests {
    private static let usual = PopulationStability.Reference(
        edges: [0.5, 1, 2],
        shares: [0.25, 0.25, 0.25, 0.25],
        threshold: 0.5
    )
    /// L⁻¹ = [[2, 0], [1, 3]], mean [1, −1].
    private static let reference = DriftReference(
        quantities: Array(repeating: usual, count: 4),
        hiddenMean: [1, -1],
        hiddenWhitening: [2, 1, 3],
        channels: .quiet(3),
        pace: .quiet
    )

    @Test func `the four quantities are those of the equations`() {
        var detector = DriftDetector(Self.reference)
        let first = detector.quantities(
            deviations: [1, .nan, -3],
            hidden: [3, 4]
        )
        // ln(0.05 + (1 + 9)/2); |(3, 4)|; L⁻¹ (2, 5) = (4, 17).
        expectClose(
            [first[0], first[1], first[2], first[3]],
            [log(5.05), 5, (16.0 + 289).squareRoot(), .nan],
            tolerance: 1e-6
        )
        let second = detector.quantities(
            deviations: [.nan, .nan, .nan],
            hidden: [0, 0]
        )
        // L⁻¹ (−1, 1) = (−2, 2).
        expectClose(
            [second[0], second[1], second[2], second[3]],
            [.nan, 0, 8.0.squareRoot(), 5],
            tolerance: 1e-6
        )
    }

    @Test func `a reset forgets where the state was, and nothing else`() {
        var detector = DriftDetector(Self.reference)
        func speed(_ state: [Float]) -> Double {
            detector.quantities(
                deviations: [1],
                hidden: state
            )[DriftCause.speed.rawValue]
        }
        #expect(speed([0, 0]).isNaN)
        #expect(speed([3, 4]) == 5)
        detector.forgetStep()
        #expect(speed([0, 0]).isNaN)
        #expect(speed([0, 1]) == 1)
    }

    @Test(arguments: DriftCause.allCases)
    func `a lasting change is named by its cause, a usual stretch is below 1`(
        cause: DriftCause
    ) throws {
        // One hidden unit h, whitened by 1 around 0, so norm = place = |h|, speed = |Δh|.
        var quantities = Array(repeating: Self.usual, count: 4)
        quantities[DriftCause.residual.rawValue].edges = [-1, 0, 1]
        for i in quantities.indices where i != cause.rawValue { quantities[i].threshold = 1e9 }
        let reference = DriftReference(
            quantities: quantities,
            hiddenMean: [0],
            hiddenWhitening: [1],
            channels: .quiet(1),
            pace: .quiet
        )
        var detector = DriftDetector(reference)
        var random = SeededGenerator(seed: 1)
        var last = 0.0
        for t in 0..<2000 {
            let isChanged = t >= 1000
            // Evenly over the four bins, then all in the last one.
            let place = isChanged ? 10 : random.number(in: 0...4)
            let level = place < 1 ? 0.25 : place < 2 ? 0.75 : place < 3 ? 1.5 : 3.0
            let sign: Double = t % 2 == 0 ? 1 : -1
            let h = cause == .speed ? sign * level / 2 : level
            let residual = place < 1 ? 0.1 : place < 2 ? 0.8 : place < 3 ? 1.3 : 5.0
            let drift = detector.update(
                deviations: [residual],
                hidden: [Float(h)]
            )
            last = drift.ratios[cause.rawValue]
            if t == 999 { #expect(last < 1) }
            if t == 1999 {
                #expect(last > 1)
                #expect(drift.largest.cause == cause)
                #expect(drift.largest.ratio == last)
            }
        }
    }

    @Test func `channels that strayed and a changed pace have their say`() {
        var reference = Self.reference
        for i in reference.quantities.indices { reference.quantities[i].threshold = 1e9 }
        reference.channels.threshold = 2
        reference.pace = StatePace.Reference(
            weights: [1, 0, 0, 0],
            limits: [9, 9, 9, 9],
            offset: 0,
            threshold: 0.5
        )
        var detector = DriftDetector(reference)
        var drift = DriftDetector.Drift(ratios: [0, 0, 0, 0], hiddenNorm: 0)
        for t in 0..<3000 {
            drift = detector.update(
                deviations: [3, 1, 1],
                hidden: [t % 2 == 0 ? 0 : 4, 0]
            )
        }
        // One of three channels is more than an eighth: (9 − 1)/1 over 2. The state steps by 4.
        expectClose(
            [drift.ratios[DriftCause.residual.rawValue], drift.ratios[DriftCause.speed.rawValue]],
            [4, 8],
            tolerance: 0.05
        )
    }
}

extension ChannelStray.Reference {
    /// Never says anything.
    fileprivate static func quiet(_ channels: Int) -> Self {
        let ones = Array(repeating: 1.0, count: channels)
        return Self(
            limit: ones.map { $0 * 100 },
            usual: ones,
            stray: ones,
            burst: 100,
            threshold: 1e9
        )
    }
}

extension StatePace.Reference {
    fileprivate static var quiet: Self { Self(weights: [], limits: [], offset: 0, threshold: 1) }
}
