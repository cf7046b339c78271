import TocsinCore
import TocsinSimulation

/// A plan from 2026-01-01T00:00:00Z on.
func plan(
    _ devices: [SimulatedGroup] = SimulatedDeviceKind.allCases.map { SimulatedGroup($0, count: 1) },
    period: Duration = .seconds(60),
    duration: Duration = .seconds(4 * 3_600),
    faults: [String] = []
) throws -> SimulationPlan {
    var plan = SimulationPlan(
        devices: devices,
        start: Timestamp(microseconds: 1_767_225_600_000_000),
        period: period,
        duration: duration
    )
    plan.faults = try faults.map { text throws(SimulationError) in
        try SimulatedFault(parsing: text)
    }
    return plan
}

func rows(_ plan: SimulationPlan) throws -> [SimulatedRow] {
    Array(try FleetSimulation(plan))
}
