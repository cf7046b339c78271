import Testing

@testable import TocsinCore

struct FaultDetectorTests {
    private static let channels = [
        Channel(name: "a", minimum: 0, maximum: 100), Channel(name: "b"),
    ]
    private static let limits = FaultLimits(still: [4, 0], absent: [3, 0], bad: 2)

    private struct Bench {
        var detector = FaultDetector(channels: 2)

        /// Takes in a value of channel a; `nil` for absent, NaN for invalid.
        mutating func take(_ value: Double?) -> FaultCause? {
            var frame = Frame(channels: 2)
            frame.values = [value ?? 5, 1]
            frame.isFresh = [value.map { !$0.isNaN } ?? false, true]
            frame.isInvalid = [value?.isNaN ?? false, false]
            let count = detector.update(
                frame,
                limits: FaultDetectorTests.limits,
                channels: FaultDetectorTests.channels
            )
            #expect(count == (detector.causes[0] == nil ? 0 : 1))
            #expect(detector.causes[1] == nil)
            return detector.causes[0]
        }
    }

    @Test func `a channel that shows the same value for too long is stuck until it moves`() {
        var bench = Bench()
        let causes = [5, 5, 5, 5, 5, 5, 6, 6].map { bench.take($0) }
        #expect(causes == [nil, nil, nil, nil, .stuck, .stuck, nil, nil])
    }

    @Test func `a channel that has left its range is faulty until it is back`() {
        var bench = Bench()
        let causes = [100, 100.1, 101, 102, nil, 99, -1, -2].map { bench.take($0) }
        #expect(
            causes == [nil, nil, .outOfRange, .outOfRange, .outOfRange, nil, nil, .outOfRange]
        )
    }

    @Test func `a channel that sends no numbers is faulty until it does`() {
        var bench = Bench()
        let causes = [1, .nan, .nan, .nan, 2, .nan, 3].map { bench.take($0) }
        #expect(causes == [nil, nil, .invalid, .invalid, nil, nil, nil])
    }

    @Test func `a channel that stays away is absent until it comes`() {
        var bench = Bench()
        let causes = [1, nil, nil, nil, nil, 2].map { bench.take($0) }
        #expect(causes == [nil, nil, nil, .absent, .absent, nil])
    }

    @Test func `a held value does not count as stuck`() {
        var bench = Bench()
        #expect(bench.take(5) == nil)
        for _ in 0..<2 { #expect(bench.take(nil) == nil) }
        for _ in 0..<3 { #expect(bench.take(5) == nil) }
        #expect(bench.take(5) == .stuck)
    }

    @Test func `a channel that jumps time and again is faulty, a step or a spike is not`() {
        var detector = FaultDetector(channels: 1)
        let limits = FaultLimits(still: [0], absent: [0], steps: [10])
        func take(_ value: Double?) -> FaultCause? {
            var frame = Frame(channels: 1)
            frame.values = [value ?? .nan]
            frame.isFresh = [value != nil]
            _ = detector.update(frame, limits: limits, channels: [Channel(name: "a")])
            return detector.causes[0]
        }
        // A spike is two jumps, a step one; a step while nothing came is none.
        let calm: [Double?] = [0, 10, 0, 50, 0, 1, 40, 41, 40, nil, 0, 1]
        for value in calm { #expect(take(value) == nil) }
        // The three above are within the last twenty frames.
        let causes = [30, 0, 3].map { take($0) }
        #expect(causes == [nil, .rateOfChange, .rateOfChange])
        // It is over when the jumps of the spike have left the window.
        let later = (0..<20).map { _ in take(3) }
        #expect(later.firstIndex(of: nil) == 8)
        #expect(!later[8...].contains(.rateOfChange))
    }
}
