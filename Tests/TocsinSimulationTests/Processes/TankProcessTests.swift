import Testing
import TocsinCore

@testable import TocsinSimulation

struct TankProcessTests {
    /// What the level gained and what the flows brought, over six hours, each in m times the area.
    private func balance(_ condition: ProcessCondition) -> (gain: Double, inflow: Double) {
        var parameters = SeededGenerator(seed: 1)
        var tank = TankProcess(&parameters, chance: SeededGenerator(seed: 2), clock: 0)
        let before = tank.values()[2]
        var volume = 0.0
        for _ in 0..<2_160 {
            tank.step(10, condition)
            let values = tank.values()
            volume += (values[0] - values[1]) / 360  // m³ in 10 s
        }
        return (tank.values()[2] - before, volume)
    }

    @Test func `the level changes by what flows in less what flows out`() {
        let (gain, volume) = balance(ProcessCondition())
        // The area is 1.5 m² with a spread of 1 %, cut off at 2.5 %.
        #expect(abs(gain) > 0.02)
        #expect((1.46...1.54).contains(volume / gain))
    }

    @Test func `a leak loses what the flows do not show`() {
        let (gain, volume) = balance(ProcessCondition(leak: 0.5))
        // Half of 6 m³/h for six hours, a little more or less as the level is not 2 m.
        #expect((14...22).contains(volume - 1.5 * gain))
    }
}
