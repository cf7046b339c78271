import Glibc
import TocsinCore

/// A refrigerator: thermostat, compressor, evaporator, air, contents, and people who open the door.
///
///     Ca dTa/dt = Uw (To − Ta) + Uc (Tc − Ta) + Ue (Te − Ta)      air
///     Cc dTc/dt = Uc (Ta − Tc)                                    contents
///     Ce dTe/dt = Ue (Ta − Te) − P                                evaporator
///
/// with the kitchen's temperature To, and the cooling power P while the compressor runs. The door is
/// measured as the share of the last five minutes that it stood open: a bare switch would be closed in
/// nearly every row and say nothing of an opening between two of them.
struct RefrigeratorProcess: SimulatedProcess {
    static let channels = [
        SimulatedChannel(
            "inside_temperature",
            "°C",
            -10...40,
            swing: 2.5,
            noise: 0.04,
            resolution: 0.0625
        ),
        SimulatedChannel(
            "evaporator_temperature",
            "°C",
            -40...40,
            swing: 14,
            noise: 0.12,
            resolution: 0.0625
        ),
        SimulatedChannel(
            "condenser_temperature",
            "°C",
            0...90,
            swing: 16,
            noise: 0.12,
            resolution: 0.1
        ),
        SimulatedChannel("power", "W", 0...400, swing: 85, noise: 0.5, resolution: 0.1),
        SimulatedChannel("door", "%", 0...100, swing: 8, noise: 0.05, resolution: 0.1),
        SimulatedChannel("humidity", "%", 0...100, swing: 8, noise: 0.3, resolution: 0.1),
    ]

    private let wall: Double  // Uw, W/K
    private let contact: Double  // Uc, W/K
    private let fins: Double  // Ue, W/K
    private let airMass: Double  // Ca, J/K
    private let contentsMass: Double  // Cc, J/K
    private let evaporatorMass: Double  // Ce, J/K
    private let cooling: Double  // P with the evaporator at 0 °C, W
    private let switchOn: Double  // °C
    private let switchOff: Double  // °C
    private let motorPower: Double  // W

    private var chance: SeededGenerator
    private var clock: Double  // s since 1970
    private var air = 4.5  // Ta, °C
    private var contents = 4.5  // Tc, °C
    private var evaporator = 2.0  // Te, °C
    private var condenser = 28.0  // °C
    private var water = 4.0  // in the air, g/m³
    private var isRunning = false
    private var inrush = 0.0  // share of the motor's power, decays after the start
    private var doorOpen = 0.0  // s left
    private var doorShare = 0.0  // of the last five minutes, 0...1
    private var kitchen = Wander(deviation: 0.4, memory: 7_200)  // K

    init(_ parameters: inout SeededGenerator, chance: SeededGenerator, clock: Double) {
        wall = parameters.near(1.7, spread: 0.03)
        contact = parameters.near(4, spread: 0.03)
        fins = parameters.near(7, spread: 0.03)
        airMass = parameters.near(5_500, spread: 0.03)
        contentsMass = parameters.near(45_000, spread: 0.03)
        evaporatorMass = parameters.near(3_000, spread: 0.03)
        cooling = parameters.near(100, spread: 0.03)
        switchOn = parameters.near(5.6, spread: 0.02)
        switchOff = switchOn - parameters.near(2.4, spread: 0.02)
        motorPower = parameters.near(75, spread: 0.03)
        self.chance = chance
        self.clock = clock
        air = switchOff + (switchOn - switchOff) * parameters.uniform()
    }

    mutating func step(_ dt: Double, _ condition: ProcessCondition) {
        clock += dt
        kitchen.step(dt, &chance)
        stepDoor(dt)
        if isRunning, air < switchOff { isRunning = false }
        if !isRunning, air > switchOn {
            isRunning = true
            inrush = 0.5
        }
        inrush = approach(inrush, 0, dt, lag: 60)

        // Cooling fades with the evaporating pressure, and with refrigerant that has leaked out.
        let power = isRunning ? cooling * (1 + 0.02 * evaporator) * (1 - 0.7 * condition.leak) : 0
        let outside = wall + (doorOpen > 0 ? 15 : 0)
        let toAir =
            outside * (room - air) + contact * (contents - air) + fins * (evaporator - air)
        let toContents = contact * (air - contents)
        let toEvaporator = fins * (air - evaporator) - power
        air += dt * toAir / airMass
        contents += dt * toContents / contentsMass
        evaporator += dt * toEvaporator / evaporatorMass
        condenser = approach(condenser, room + 0.17 * power, dt, lag: 300)
        stepWater(dt)
    }

    func values() -> [Double] {
        // A compressor with less vapour to press draws less.
        let drawn = isRunning ? motorPower * (1 + inrush + 0.012 * (evaporator + 8)) : 1.5
        let lamp = doorOpen > 0 ? 8.0 : 0
        let humidity = min(100, 100 * water / saturation(air))
        return [air, evaporator, condenser, drawn + lamp, 100 * doorShare, humidity]
    }

    /// The kitchen's temperature, °C.
    private var room: Double { 21.5 + sin(2 * .pi * (hour(clock) - 11) / 24) + kitchen.value }

    /// Opens the door about once an hour by day, rarely by night, for 10 to 40 seconds.
    private mutating func stepDoor(_ dt: Double) {
        let openings = 0.1 + 1.1 * max(0, sin(2 * .pi * (hour(clock) - 6.5) / 32))  // per hour
        let draw = chance.uniform()
        if doorOpen > 0 {
            doorOpen = max(0, doorOpen - dt)
        } else if draw < openings * dt / 3_600 {
            doorOpen = 10 + 30 * chance.uniform()
        }
        doorShare = approach(doorShare, doorOpen > 0 ? 1 : 0, dt, lag: 300)
    }

    /// Water comes from the contents and through the door, and freezes out at the evaporator.
    private mutating func stepWater(_ dt: Double) {
        let saturated = saturation(air)
        water = approach(water, 0.8 * saturated, dt, lag: 1_500)
        let frost = saturation(evaporator)
        if frost < water { water = approach(water, frost, dt, lag: 900) }
        if doorOpen > 0 { water = approach(water, 0.5 * saturation(room), dt, lag: 150) }
        water = min(water, saturated)
    }
}
