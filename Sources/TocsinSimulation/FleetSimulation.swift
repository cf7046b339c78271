import TocsinCore

/// The rows that a fleet of simulated devices sends, in the order of their times.
///
/// Equal plans give equal rows. Memory does not grow with the duration: the devices' states and the
/// rows of one tick are all that is kept.
public struct FleetSimulation: Sequence, Sendable {
    /// What the rows follow from.
    public let plan: SimulationPlan

    /// A simulation of `plan`, which is checked first.
    public init(_ plan: SimulationPlan) throws(SimulationError) {
        try plan.check()
        self.plan = plan
    }

    public func makeIterator() -> Iterator {
        Iterator(plan)
    }

    /// Steps the fleet from tick to tick.
    public struct Iterator: IteratorProtocol, Sendable {
        private let plan: SimulationPlan
        private var devices: [SimulatedDevice]
        private var offset = Duration.zero
        private var rows: [SimulatedRow] = []
        private var sent = 0

        fileprivate init(_ plan: SimulationPlan) {
            self.plan = plan
            devices = plan.deviceNames.map { name, kind in
                SimulatedDevice(name: name, kind: kind, plan: plan)
            }
        }

        /// The next row, or `nil` at the end.
        public mutating func next() -> SimulatedRow? {
            while sent == rows.count {
                guard offset < plan.duration, !devices.isEmpty else { return nil }
                tick()
            }
            sent += 1
            return rows[sent - 1]
        }

        /// Advances all devices by one period.
        ///
        /// Jitter is less than a period, so rows of different ticks never change places.
        private mutating func tick() {
            rows.removeAll(keepingCapacity: true)
            sent = 0
            for index in devices.indices {
                if let row = devices[index].tick(at: offset) { rows.append(row) }
            }
            if plan.jitter > .zero { rows.sort { ($0.time, $0.device) < ($1.time, $1.device) } }
            offset += plan.period
        }
    }
}
