public import TocsinCore

/// Everything that a simulation follows from.
public struct SimulationPlan: Sendable, Equatable {
    /// Which devices there are; `pump:2` makes `pump-1` and `pump-2`.
    public var devices: [SimulatedGroup]

    /// The first tick; the hour of the day counts for refrigerators and rooms, in UTC.
    public var start: Timestamp

    /// From one tick to the next, more than 0 and at most 1 hour.
    public var period: Duration

    /// How long the simulation lasts; its end is excluded.
    public var duration: Duration

    /// Equal plans with equal seeds give equal rows.
    public var seed: UInt64 = 1

    /// By how much a device's clock may be late, less than ``period``.
    ///
    /// Drawn evenly for each row from 0..<jitter; the values are those of the tick.
    public var jitter: Duration = .zero

    /// The share of values that go missing, 0..<1.
    public var missingShare = 0.0

    /// What goes wrong.
    public var faults: [SimulatedFault] = []

    /// A healthy fleet that sends on time.
    public init(
        devices: [SimulatedGroup],
        start: Timestamp,
        period: Duration,
        duration: Duration
    ) {
        self.devices = devices
        self.start = start
        self.period = period
        self.duration = duration
    }
}

extension SimulationPlan {
    /// All names and kinds, in the order of ``devices``.
    public var deviceNames: [(name: String, kind: SimulatedDeviceKind)] { devices.deviceNames }

    /// When faults act on a device, in order; those that touch are one.
    public func faultyIntervals(of device: String) -> [Range<Timestamp>] {
        let own = faults.filter { $0.device == device }.map { fault in
            start + fault.start..<start + fault.start + fault.duration
        }
        var merged: [Range<Timestamp>] = []
        for interval in own.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, interval.lowerBound <= last.upperBound {
                let end = max(last.upperBound, interval.upperBound)
                merged[merged.count - 1] = last.lowerBound..<end
            } else {
                merged.append(interval)
            }
        }
        return merged
    }

    /// Makes sure that the plan can be followed.
    func check() throws(SimulationError) {
        func require(
            _ holds: Bool,
            _ property: String,
            _ value: String,
            _ expected: String
        ) throws(SimulationError) {
            guard !holds else { return }
            throw SimulationError(property, .outOfRange(value, expected: expected))
        }
        let isPeriod = period.microseconds > 0 && period <= .seconds(3_600)
        try require(isPeriod, "period", period.spanText, "more than 0s, at most 1h")
        try require(duration > .zero, "duration", duration.spanText, "more than 0s")
        let isJitter = jitter >= .zero && jitter < period
        try require(isJitter, "jitter", jitter.spanText, "0s or more, less than the period")
        let isShare = (0..<1).contains(missingShare)
        try require(isShare, "missing share", "\(missingShare)", "0 or more, less than 1")
        let isGroup = devices.allSatisfy { $0.count > 0 }
        try require(isGroup, "devices", "count", "1 or more of each kind")
        let names = deviceNames.map(\.name)
        for fault in faults {
            try fault.check()
            guard names.contains(fault.device) else {
                let problem = SimulationError.Problem.unknown(
                    "device",
                    fault.device,
                    known: names
                )
                throw SimulationError(fault.description, problem)
            }
        }
    }
}

extension [SimulatedGroup] {
    /// Names and kinds of all devices; a kind that stands twice goes on counting.
    var deviceNames: [(name: String, kind: SimulatedDeviceKind)] {
        var counts: [SimulatedDeviceKind: Int] = [:]
        return flatMap { group in
            (0..<group.count).map { _ in
                counts[group.kind, default: 0] += 1
                return ("\(group.kind.rawValue)-\(counts[group.kind, default: 0])", group.kind)
            }
        }
    }
}
