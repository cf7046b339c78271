import Testing
import TocsinTestNumbers

@testable import TocsinCore

struct StatePaceTests {
    /// A hidden state on its way, and what is usual of it.
    private struct Course {
        var pace = StatePace()
        let usual: HiddenUsual
        var past: [Float]

        init(mean: [Float], whitening: [Float], pace: StatePace.Reference) {
            usual = HiddenUsual(
                DriftReference(
                    quantities: [],
                    hiddenMean: mean,
                    hiddenWhitening: whitening,
                    channels: DriftReference.none.channels,
                    pace: pace
                )
            )
            past = Array(repeating: 0, count: 4 * HiddenUsual.padded(mean.count))
        }

        /// How far from the mean a state is, in spreads.
        func place(_ hidden: [Float]) -> Double {
            var hidden = hidden
            let square = hidden.withNumbers { usual.view.whitenedSquare(of: $0) }
            return Double(square).squareRoot()
        }

        /// The same of several together.
        func places(_ states: [[Float]]) -> [Double] {
            var all = states.flatMap { $0 }
            var squares = [Float](repeating: .nan, count: states.count)
            all.withNumbers { all in
                var starts = states.indices.map {
                    UnsafePointer(all.start + $0 * states[0].count) as UnsafePointer<Float>?
                }
                squares.withNumbers { squares in
                    starts.withUnsafeMutableBufferPointer { starts in
                        guard let start = starts.baseAddress else { return }
                        usual.view.whitenedSquares(start, squares)
                    }
                }
            }
            return squares.map { Double($0).squareRoot() }
        }

        mutating func update(_ hidden: [Float]) -> StatePace.Motion {
            var hidden = hidden
            let usual = usual
            return past.withNumbers { past in
                hidden.withNumbers { pace.update($0, past: past, usual: usual.view) }
            }
        }
    }

    /// One hidden unit: its step of one frame less half its step of four.
    private func course() -> Course {
        Course(
            mean: [0],
            whitening: [1],
            pace: StatePace.Reference(
                weights: [1, -0.5],
                limits: [3, 8],
                offset: 0.25,
                threshold: 1
            )
        )
    }

    @Test func `step and pace are those of the equations`() {
        var course = course()
        #expect(course.update([1]).step.isNaN)
        for (h, step) in [(2, 1), (4, 2), (7, 3)] as [(Float, Double)] {
            #expect(course.update([h]).step == step)
            #expect(course.pace.pace == 0)
        }
        // |11 − 7| is limited to 3, |11 − 1| to 8: 3 − 4 − 0.25.
        #expect(course.update([11]).step == 4)
        expectClose([course.pace.pace], [-1.25 / 500], tolerance: 1e-12)
        // |11 − 11|, |11 − 2| limited to 8.
        _ = course.update([11])
        expectClose([course.pace.pace], [-1.25 / 500 * 499 / 500 - 4.25 / 500], tolerance: 1e-12)
    }

    @Test func `after a reset the pace stays, and waits for four states`() {
        var course = course()
        for h in 0...8 { _ = course.update([Float(h)]) }
        let before = course.pace.pace
        course.pace.forgetStates()
        #expect(course.update([100]).step.isNaN)
        for _ in 0..<3 {
            _ = course.update([0])
            #expect(course.pace.pace == before)
        }
        _ = course.update([0])
        #expect(course.pace.pace != before)
    }

    @Test(arguments: [1, 2, 15, 16, 17, 33, 64])
    func `states of any size are compared as the plain sums do`(size: Int) {
        var random = SeededGenerator(seed: UInt64(size))
        func draw(_ count: Int) -> [Float] { (0..<count).map { _ in Float(random.normal()) } }
        let rows = draw(size * (size + 1) / 2)
        let mean = draw(size)
        let reference = StatePace.Reference(
            weights: draw(2 * size),
            limits: draw(2 * size).map { abs($0) },
            offset: 0.5,
            threshold: 1
        )
        var course = Course(mean: mean, whitening: rows, pace: reference)
        let states = (0..<9).map { _ in draw(size) }
        for count in 1...states.count {
            #expect(
                course.places(Array(states[..<count])) == states[..<count].map(course.place)
            )
        }
        var pace = 0.0
        for (t, state) in states.enumerated() {
            let motion = course.update(state)
            func difference(_ i: Int, _ frames: Int) -> Double {
                abs(Double(state[i]) - Double(states[t - frames][i]))
            }
            var (norm, place, step, sum) = (0.0, 0.0, 0.0, 0.0)
            for i in 0..<size {
                norm += Double(state[i]) * Double(state[i])
                var row = 0.0
                for j in 0...i {
                    row += Double(rows[i * (i + 1) / 2 + j]) * (Double(state[j]) - Double(mean[j]))
                }
                place += row * row
                if t > 0 { step += difference(i, 1) * difference(i, 1) }
                guard t >= 4 else { continue }
                let (a, b) = (reference.weights[i], reference.weights[size + i])
                sum += Double(a) * min(difference(i, 1), Double(reference.limits[i]))
                sum += Double(b) * min(difference(i, 4), Double(reference.limits[size + i]))
            }
            if t >= 4 { pace += (sum - 0.5 - pace) / 500 }
            expectClose(
                [motion.norm, course.place(state), motion.step, course.pace.pace],
                [norm.squareRoot(), place.squareRoot(), t > 0 ? step.squareRoot() : .nan, pace],
                tolerance: 1e-4
            )
        }
    }
}
