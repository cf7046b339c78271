public import TocsinCore

/// Keeps the pace of recorded time, N times faster or as fast as it goes.
public struct Pace: Sendable {
    /// Recorded seconds per second; 0 for as fast as it goes.
    private let speed: Double
    private let began = ContinuousClock.now
    private var first: Timestamp?

    /// A pace.
    public init(speed: Double) {
        self.speed = speed
    }

    /// How long to wait before what was recorded at `time` is due.
    public mutating func delay(until time: Timestamp) -> Duration {
        guard speed > 0 else { return .zero }
        let start = first ?? time
        first = start
        let due = began + (time - start) / speed
        return max(due - .now, .zero)
    }
}
