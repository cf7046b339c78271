import Glibc
import TocsinCore

/// A speed-controlled centrifugal pump that serves full load, part load and idling in turn.
///
///     head of the pump    p = h n² − a q²
///     head of the pipe    p = s + k q²           so  q = √((h n² − s) / (a + k))
///
/// with speed n as a share of its rating, flow q, static pressure s. Flow follows with the inertia of
/// the water, temperatures with the masses of bearing and motor.
struct PumpProcess: SimulatedProcess {
    static let channels = [
        SimulatedChannel("speed", "rpm", 0...3_600, swing: 1_800, noise: 4, resolution: 1),
        SimulatedChannel("flow", "m³/h", 0...80, swing: 32, noise: 0.25, resolution: 0.01),
        SimulatedChannel("pressure", "bar", 0...10, swing: 3.3, noise: 0.02, resolution: 0.001),
        SimulatedChannel("motor_current", "A", 0...40, swing: 13, noise: 0.08, resolution: 0.01),
        SimulatedChannel(
            "bearing_temperature",
            "°C",
            -10...120,
            swing: 14,
            noise: 0.08,
            resolution: 0.1
        ),
        SimulatedChannel(
            "motor_temperature",
            "°C",
            -10...160,
            swing: 16,
            noise: 0.1,
            resolution: 0.1
        ),
        SimulatedChannel("vibration", "mm/s", 0...30, swing: 1.5, noise: 0.05, resolution: 0.01),
    ]

    private let cycleLength: Double  // s
    private let ratedSpeed: Double  // rpm
    private let head: Double  // h, bar at rated speed
    private let innerLoss: Double  // a, bar per (m³/h)²
    private let staticPressure: Double  // s, bar
    private let pipeLoss: Double  // k, bar per (m³/h)²
    private let bearingHeat: Double  // K at rated speed
    private let motorHeat: Double  // K at rated current
    private let roughness: Double  // mm/s at rated speed
    private let resonance: Double  // share of rated speed

    private var chance: SeededGenerator
    private var clock: Double  // s since 1970
    private var load = (length: 1.0, full: 0.95, part: 0.68)  // s, shares of rated speed
    private var phase = 0.0  // s since the cycle began
    private var speed = 0.35  // n
    private var flow = 10.0  // q, m³/h
    private var bearing = 35.0  // °C
    private var motor = 45.0  // °C
    private var pipe = Wander(deviation: 0.012, memory: 600)  // share of k
    private var bubbles = Wander(deviation: 0.5, memory: 15)  // share of the cavitation
    private var condition = ProcessCondition()

    init(_ parameters: inout SeededGenerator, chance: SeededGenerator, clock: Double) {
        cycleLength = parameters.near(1_200, spread: 0.03)
        ratedSpeed = parameters.near(2_950, spread: 0.005)
        head = parameters.near(6, spread: 0.02)
        innerLoss = parameters.near(0.001, spread: 0.03)
        staticPressure = parameters.near(0.4, spread: 0.03)
        pipeLoss = parameters.near(0.0021, spread: 0.03)
        bearingHeat = parameters.near(28, spread: 0.03)
        motorHeat = parameters.near(48, spread: 0.03)
        roughness = parameters.near(1.8, spread: 0.04)
        resonance = parameters.near(0.82, spread: 0.01)
        self.chance = chance
        self.clock = clock
        beginCycle()
        phase = load.length * parameters.uniform()
    }

    mutating func step(_ dt: Double, _ condition: ProcessCondition) {
        self.condition = condition
        clock += dt
        phase += dt
        if phase >= load.length {
            phase -= load.length
            beginCycle()
        }
        pipe.step(dt, &chance)
        bubbles.step(dt, &chance)

        // The drive ramps from standstill to full speed in a minute.
        speed += min(max(wantedSpeed - speed, -dt / 60), dt / 60)
        let available = max(0, head * speed * speed - staticPressure)
        flow = approach(flow, (available / (innerLoss + loss)).squareRoot(), dt, lag: 12)

        let ambient = 22 + 1.5 * sin(2 * .pi * (hour(clock) - 9) / 24)
        let friction = bearingHeat * speed * speed * (1 + 0.3 * condition.cavitation)
        bearing = approach(bearing, ambient + friction, dt, lag: 420)
        let share = current / 16
        motor = approach(motor, ambient + motorHeat * share * share, dt, lag: 800)
    }

    func values() -> [Double] {
        [
            ratedSpeed * speed, flow * (1 - 0.15 * vapour), pressure * (1 - 0.2 * vapour), current,
            bearing, motor, vibration,
        ]
    }

    private mutating func beginCycle() {
        load = (
            chance.near(cycleLength, spread: 0.02), chance.near(0.95, spread: 0.008),
            chance.near(0.68, spread: 0.008)
        )
    }

    private var wantedSpeed: Double {
        if phase < 0.40 * load.length { return load.full }
        return phase < 0.75 * load.length ? load.part : 0.35
    }

    /// k of a pipe whose passage is narrowed: the loss goes with one over the area squared.
    private var loss: Double {
        let passage = 1 - 0.8 * condition.clogging
        return pipeLoss * (1 + pipe.value) / (passage * passage)
    }

    private var vapour: Double {
        condition.cavitation * min(max(1 + bubbles.value, 0), 2)
    }

    private var pressure: Double { staticPressure + loss * flow * flow }

    /// In A, at 400 V and three phases: magnetisation, and 1.9 A per kW at the shaft.
    private var current: Double {
        let hydraulic = flow * pressure / 36  // kW
        return 3 + 1.9 * (hydraulic * (1 - 0.15 * vapour) / 0.7 + 0.6 * speed * speed * speed)
    }

    private var vibration: Double {
        let distance = (speed - resonance) / 0.08
        return 0.5 + roughness * speed * speed + 0.5 * exp(-distance * distance)
            + 3 * vapour * speed + condition.clogging * speed
    }
}
