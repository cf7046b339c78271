import Glibc
import TocsinCore

/// A heated buffer tank: consumers draw in batches, a controller holds the level with the inflow valve.
///
///     A dh/dt = (qi − qo − ql) / 3600                   level, with inflow, outflow and leak
///     V dT/dt = qi (Ti − T) / 3600 + P / (ρ c)          temperature, mixed at once, V = A h
struct TankProcess: SimulatedProcess {
    static let channels = [
        SimulatedChannel("inflow", "m³/h", 0...30, swing: 9, noise: 0.06, resolution: 0.01),
        SimulatedChannel("outflow", "m³/h", 0...30, swing: 8, noise: 0.06, resolution: 0.01),
        SimulatedChannel("level", "m", 0...4, swing: 0.6, noise: 0.003, resolution: 0.001),
        SimulatedChannel("valve", "%", 0...100, swing: 45, noise: 0.15, resolution: 0.1),
        SimulatedChannel("pressure", "kPa", 0...50, swing: 6, noise: 0.05, resolution: 0.01),
        SimulatedChannel("temperature", "°C", 0...90, swing: 5, noise: 0.03, resolution: 0.1),
    ]

    private let cycleLength: Double  // s
    private let area: Double  // A, m²
    private let setpoint: Double  // m
    private let capacity: Double  // m³/h with the valve open
    private let gain: Double  // valve opening per m
    private let heating: Double  // P / (ρ c), K m³/s

    private var chance: SeededGenerator
    private var clock: Double  // s since 1970
    private var batch = (length: 1.0, idle: 4.0, draw: 12.0)  // s, m³/h, m³/h
    private var phase = 0.0  // s since the cycle began
    private var inflow = 7.0  // qi, m³/h
    private var outflow = 7.0  // qo, m³/h
    private var level: Double  // h, m
    private var valve = 0.35  // opening, 0...1
    private var integral = 0.35  // the controller's memory, as a valve opening
    private var temperature = 20.0  // T, °C
    private var supply = Wander(deviation: 0.015, memory: 1_200)  // share of the capacity

    init(_ parameters: inout SeededGenerator, chance: SeededGenerator, clock: Double) {
        cycleLength = parameters.near(3_600, spread: 0.03)
        area = parameters.near(1.5, spread: 0.01)
        setpoint = parameters.near(2, spread: 0.01)
        capacity = parameters.near(20, spread: 0.03)
        gain = parameters.near(0.8, spread: 0.03)
        heating = parameters.near(0.0145, spread: 0.03)
        level = setpoint
        self.chance = chance
        self.clock = clock
        beginCycle()
        phase = batch.length * parameters.uniform()
    }

    mutating func step(_ dt: Double, _ condition: ProcessCondition) {
        clock += dt
        phase += dt
        if phase >= batch.length {
            phase -= batch.length
            beginCycle()
        }
        supply.step(dt, &chance)

        let demand = phase < 0.35 * batch.length ? batch.draw : batch.idle
        outflow = approach(outflow, level > 0.05 ? demand : 0, dt, lag: 45)
        let opening = control(dt)
        valve = approach(valve, opening, dt, lag: 25)
        inflow = capacity * valve * (1 + supply.value)
        let leak = 6 * condition.leak * (max(0, level) / 2).squareRoot()  // m³/h

        level = max(0, level + dt * (inflow - outflow - leak) / 3_600 / area)
        let volume = area * max(level, 0.1)
        let cold = 12 + 1.2 * sin(2 * .pi * (hour(clock) - 10) / 24)
        temperature += dt * (inflow / 3_600 * (cold - temperature) + heating) / volume
    }

    func values() -> [Double] {
        [inflow, outflow, level, 100 * valve, 9.81 * level, temperature]
    }

    /// The valve opening that a proportional-integral controller asks for, 0...1.
    private mutating func control(_ dt: Double) -> Double {
        let deviation = setpoint - level  // m
        let wanted = integral + gain * deviation
        // The memory rests while the valve is at its end, or it would wind up.
        if (0...1).contains(wanted) { integral += dt * gain * deviation / 1_500 }
        return min(max(wanted, 0), 1)
    }

    private mutating func beginCycle() {
        batch = (
            chance.near(cycleLength, spread: 0.02), chance.near(4, spread: 0.015),
            chance.near(12, spread: 0.015)
        )
    }
}
