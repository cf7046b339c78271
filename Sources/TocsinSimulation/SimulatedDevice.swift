import TocsinCore

/// One device: its process, its sensors, its clock, and the faults ordered for it.
struct SimulatedDevice: Sendable {
    private let name: String
    private let start: Timestamp
    private let jitter: Double  // s
    private let step: Double  // s
    private let stepsPerTick: Int
    private let faults: [SimulatedFault]
    private let swaps: [(fault: SimulatedFault, first: Int, second: Int)]

    private var process: any SimulatedProcess
    private var sensors: [SimulatedSensor]
    private var clock: SeededGenerator

    /// A device that has been running for two days when the plan starts.
    init(name: String, kind: SimulatedDeviceKind, plan: SimulationPlan) {
        self.name = name
        start = plan.start
        jitter = plan.jitter.inSeconds
        let period = plan.period.inSeconds
        stepsPerTick = Int((period / longestStep).rounded(.up))
        step = period / Double(stepsPerTick)
        faults = plan.faults.filter { $0.device == name }
        let channels = kind.channels
        let names = channels.map(\.name)
        swaps = faults.filter { $0.kind == .swap }.compactMap { fault in
            guard let first = names.firstIndex(of: fault.channels[0]) else { return nil }
            guard let second = names.firstIndex(of: fault.channels[1]) else { return nil }
            return (fault, first, second)
        }
        sensors = channels.map { channel in
            SimulatedSensor(channel: channel, device: name, cycle: kind.cycle, plan: plan)
        }
        clock = SeededGenerator(seed: plan.seed, path: name, "clock")

        let settling = 2 * 86_400.0  // s; the slowest part, a room's walls, needs half a day
        let begin = Double(plan.start.microseconds) / 1e6 - settling
        process = kind.process(seed: plan.seed, device: name, clock: begin)
        for _ in 0..<Int(settling / longestStep) { process.step(longestStep, ProcessCondition()) }
    }

    /// Advances by one period, and answers with what is sent at its end.
    ///
    /// - Parameter offset: the tick, counted from the start of the simulation
    /// - Returns: `nil` while the device is silent
    mutating func tick(at offset: Duration) -> SimulatedRow? {
        let active = faults.filter { $0.isActive(at: offset) }
        let condition = ProcessCondition(active)
        for _ in 0..<stepsPerTick { process.step(step * condition.speed, condition) }

        var values = zip(sensors.indices, process.values()).map { index, value in
            sensors[index].read(value, at: offset)
        }
        for swap in swaps where swap.fault.isActive(at: offset) {
            values.swapAt(swap.first, swap.second)
        }
        // Whole microseconds below the jitter, so that equal ticks never meet.
        let late = Duration.microseconds(Int64(jitter * clock.uniform() * 1e6))
        if active.contains(where: { $0.kind == .silence }) { return nil }
        return SimulatedRow(
            device: name,
            time: start + offset + late,
            values: values,
            isFaulty: !active.isEmpty
        )
    }
}

extension ProcessCondition {
    /// What the active faults make of a process; of two of a kind the later ordered one counts.
    init(_ faults: [SimulatedFault]) {
        for fault in faults {
            switch fault.kind {
            case .speed: speed = fault.strength
            case .clog: clogging = fault.strength
            case .cavitation: cavitation = fault.strength
            case .leak: leak = fault.strength
            case .window: window = fault.strength
            case .spike, .offset, .drift, .stuck, .noise, .lag, .swap, .silence: break
            }
        }
    }
}
