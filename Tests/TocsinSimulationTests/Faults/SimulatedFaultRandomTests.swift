import Testing
import TocsinCore
import TocsinSimulation

struct SimulatedFaultRandomTests {
    private let fleet = SimulatedDeviceKind.allCases.map { SimulatedGroup($0, count: 2) }

    private func faults(_ count: Int, seed: UInt64) -> [SimulatedFault] {
        SimulatedFault.random(
            count,
            of: SimulatedFaultKind.allCases,
            among: fleet,
            in: .seconds(86_400)..<(.seconds(10 * 86_400)),
            lasting: .seconds(900)...(.seconds(7_200)),
            seed: seed
        )
    }

    @Test func `faults are spread over the range, apart, and of all kinds`() {
        let drawn = faults(26, seed: 1)
        #expect(drawn.count == 26)
        #expect(Set(drawn.map(\.kind)).count == SimulatedFaultKind.allCases.count)
        #expect(drawn.allSatisfy { $0.start >= .seconds(86_400) })
        #expect(drawn.allSatisfy { $0.start + $0.duration <= .seconds(10 * 86_400) })
        #expect(drawn.allSatisfy { $0.duration >= .seconds(900) && $0.duration <= .seconds(7_200) })
        #expect(zip(drawn, drawn.dropFirst()).allSatisfy { $0.start + $0.duration <= $1.start })
    }

    @Test(arguments: 1...20)
    func `a plan accepts every drawn fault, and its text gives it back`(seed: UInt64) throws {
        var plan = try plan(fleet, duration: .seconds(10 * 86_400))
        plan.faults = faults(26, seed: seed)
        _ = try FleetSimulation(plan)
        for fault in plan.faults {
            #expect(try SimulatedFault(parsing: fault.description) == fault)
        }
    }

    @Test func `equal seeds give equal faults, others do not`() {
        #expect(faults(5, seed: 3) == faults(5, seed: 3))
        #expect(faults(5, seed: 3) != faults(5, seed: 4))
    }

    @Test func `a kind that no device can have is passed over`() {
        let drawn = SimulatedFault.random(
            4,
            of: [.window, .clog],
            among: [SimulatedGroup(.room, count: 1)],
            in: .zero..<(.seconds(86_400)),
            lasting: .seconds(60)...(.seconds(600)),
            seed: 1
        )
        #expect(drawn.map(\.kind) == [.window, .window, .window, .window])
    }
}
