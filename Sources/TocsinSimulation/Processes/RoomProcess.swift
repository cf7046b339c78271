import Glibc
import TocsinCore

/// A heated room in which up to three people work every day.
///
///     Ca dTa/dt = U (Tw − Ta) + (G + 0.34 v) (To − Ta) + Q + people + sun    air
///     Cw dTw/dt = U (Ta − Tw) + K (To − Tw)                                  walls
///     V dx/dt   = sources + v (xo − x)                                       CO2, water
///
/// with the outside temperature To, the radiator's power Q, and the ventilation v in m³/h.
struct RoomProcess: SimulatedProcess {
    static let channels = [
        SimulatedChannel("temperature", "°C", -10...50, swing: 4, noise: 0.03, resolution: 0.01),
        SimulatedChannel("humidity", "%", 0...100, swing: 25, noise: 0.25, resolution: 0.1),
        SimulatedChannel("co2", "ppm", 300...5_000, swing: 700, noise: 8, resolution: 1),
        SimulatedChannel("light", "lx", 0...5_000, swing: 700, noise: 4, resolution: 1),
        SimulatedChannel("heating_power", "W", 0...3_000, swing: 500, noise: 5, resolution: 1),
        SimulatedChannel("occupancy", "1", 0...1, swing: 1, noise: 0, resolution: 1),
    ]

    private let volume: Double  // V, m³
    private let airMass: Double  // Ca with the furniture, J/K
    private let wallMass: Double  // Cw, J/K
    private let contact: Double  // U, W/K
    private let glass: Double  // G, W/K
    private let shell: Double  // K, W/K
    private let radiator: Double  // W
    private let daylight: Double  // lx at noon
    private let lamps: Double  // lx

    private var chance: SeededGenerator
    private var clock: Double  // s since 1970
    private var day = -1.0  // since 1970
    private var presence = 0  // people in the room
    private var people: [[Double]] = []  // hours of coming and going in turn, for each person
    private var air = 20.0  // Ta, °C
    private var walls = 18.0  // Tw, °C
    private var heat = 300.0  // Q, W
    private var co2 = 450.0  // ppm
    private var water = 7.0  // g/m³
    private var weather = Wander(deviation: 0.6, memory: 21_600)  // K
    private var clouds = Wander(deviation: 0.06, memory: 3_600)  // share of the daylight

    init(_ parameters: inout SeededGenerator, chance: SeededGenerator, clock: Double) {
        volume = parameters.near(60, spread: 0.02)
        airMass = parameters.near(360_000, spread: 0.03)
        wallMass = parameters.near(4_000_000, spread: 0.03)
        contact = parameters.near(80, spread: 0.03)
        glass = parameters.near(12, spread: 0.03)
        shell = parameters.near(8, spread: 0.03)
        radiator = parameters.near(1_500, spread: 0.02)
        daylight = parameters.near(450, spread: 0.04)
        lamps = parameters.near(320, spread: 0.03)
        self.chance = chance
        self.clock = clock
    }

    mutating func step(_ dt: Double, _ condition: ProcessCondition) {
        clock += dt
        let today = (clock / 86_400).rounded(.down)
        if today != day {
            day = today
            beginDay()
        }
        weather.step(dt, &chance)
        clouds.step(dt, &chance)

        let now = hour(clock)
        presence = people.count { times in times.count { $0 <= now } % 2 == 1 }
        let present = Double(presence)
        let outside = 7 + 4.5 * sin(2 * .pi * (hour(clock) - 9) / 24) + weather.value
        // The fan runs faster with people in the room; an open window changes the air 6 times an hour.
        let ventilation = 20 + (present > 0 ? 45 : 0) + 6 * volume * condition.window  // m³/h

        heat = approach(heat, radiator * valve, dt, lag: 480)
        let sun = 300 * sunshine
        let loss = (glass + 0.34 * ventilation) * (outside - air)
        let toAir = contact * (walls - air) + loss + heat + 90 * present + sun
        let toWalls = contact * (air - walls) + shell * (outside - walls)
        air += dt * toAir / airMass
        walls += dt * toWalls / wallMass

        // A person at a desk breathes out 18 l of CO2 and 50 g of water an hour.
        let exchange = 3_600 * volume / ventilation  // s
        co2 = approach(co2, 420 + 18_000 * present / ventilation, dt, lag: exchange)
        let outsideWater = 0.75 * saturation(outside)
        water = approach(water, outsideWater + 50 * present / ventilation, dt, lag: exchange)
        water = min(water, saturation(air))
    }

    func values() -> [Double] {
        let light = daylight * sunshine + (presence > 0 ? lamps : 0)
        let humidity = 100 * water / saturation(air)
        return [air, humidity, co2, light, heat, presence > 0 ? 1 : 0]
    }

    /// The opening of the radiator's valve, 0...1: 21 °C from 6 to 20 o'clock, else 17 °C.
    private var valve: Double {
        let wanted = (6..<20).contains(hour(clock)) ? 21.0 : 17.0
        return min(max(0.15 + 0.5 * (wanted - air), 0), 1)
    }

    /// Daylight as a share of a clear noon's, 0 or more.
    private var sunshine: Double {
        max(0, sin(2 * .pi * (hour(clock) - 6) / 24)) * (1 + clouds.value)
    }

    /// Draws when each person comes, goes to lunch, comes back and goes home.
    private mutating func beginDay() {
        people = (0..<3).map { person in
            [
                chance.near(8 + 0.2 * Double(person), spread: 0.01), chance.near(12, spread: 0.005),
                chance.near(12.75, spread: 0.005), chance.near(17.3, spread: 0.008),
            ]
        }
    }
}
