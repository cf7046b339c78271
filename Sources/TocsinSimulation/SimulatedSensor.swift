import TocsinCore

/// The sensor of one channel: lag, noise, range, faults, resolution, and lost readings, in this order.
///
/// What the sensor draws does not depend on the faults ordered for it, so that a reading outside a
/// fault is the same with the fault and without.
struct SimulatedSensor: Sendable {
    private let channel: SimulatedChannel
    private let cycle: Double  // s, of the device
    private let period: Double  // s
    private let missingShare: Double
    private let faults: [SimulatedFault]

    private var noise: SeededGenerator
    private var losses: SeededGenerator
    private var faultChance: [SeededGenerator]  // [faults]
    private var delayed: Double?  // what a late sensor has reached, in the channel's unit
    private var last: Double?  // the last reading, which a stuck sensor repeats

    init(channel: SimulatedChannel, device: String, cycle: Duration, plan: SimulationPlan) {
        self.channel = channel
        self.cycle = cycle.inSeconds
        period = plan.period.inSeconds
        missingShare = plan.missingShare
        faults = plan.faults.filter { fault in
            fault.device == device && fault.kind.extent == .channel
                && fault.channels.contains(channel.name)
        }
        noise = SeededGenerator(seed: plan.seed, path: device, channel.name, "noise")
        losses = SeededGenerator(seed: plan.seed, path: device, channel.name, "losses")
        faultChance = faults.map { fault in
            SeededGenerator(seed: plan.seed, path: fault.description)
        }
    }

    /// What the sensor reports.
    ///
    /// - Parameters:
    ///   - value: the true value, in the channel's unit
    ///   - offset: the tick, counted from the start of the simulation
    /// - Returns: in the channel's unit; `nil` if the reading is lost
    mutating func read(_ value: Double, at offset: Duration) -> Double? {
        let isLost = losses.uniform() < missingShare
        let healthy = follow(value, at: offset) + channel.noise * noise.normal()
        // A healthy reading is one that can be; what a fault adds may leave the range.
        var reading = min(max(healthy, channel.range.lowerBound), channel.range.upperBound)
        reading = channel.quantised(reading + error(at: offset))
        let isStuck = faults.contains { $0.kind == .stuck && $0.isActive(at: offset) }
        if isStuck, let last { reading = last }
        last = reading
        return isLost ? nil : reading
    }

    /// The value that reaches the sensor: late while it is faulty, else at once.
    private mutating func follow(_ value: Double, at offset: Duration) -> Double {
        guard let lag = faults.last(where: { $0.kind == .lag && $0.isActive(at: offset) }),
            lag.strength > 0
        else {
            delayed = value
            return value
        }
        let reached = approach(delayed ?? value, value, period, lag: lag.strength * cycle)
        delayed = reached
        return reached
    }

    /// What the active faults add to a reading, in the channel's unit.
    private mutating func error(at offset: Duration) -> Double {
        var swings = 0.0
        for (index, fault) in faults.enumerated() where fault.isActive(at: offset) {
            switch fault.kind {
            case .offset: swings += fault.strength
            case .drift: swings += fault.strength * fault.progress(at: offset)
            case .noise: swings += fault.strength * faultChance[index].normal()
            case .spike:
                let isFirst = (offset - fault.start).inSeconds < period
                let isHit = faultChance[index].uniform() < 0.2
                let sign = faultChance[index].uniform() < 0.5 ? -1.0 : 1
                if isFirst { swings += fault.strength }
                if !isFirst, isHit { swings += sign * fault.strength }
            case .stuck, .lag, .swap, .silence, .speed, .clog, .cavitation, .leak, .window: break
            }
        }
        return swings * channel.swing
    }
}
