import Testing
import TocsinCore
import TocsinSimulation

struct SimulationPlanTests {
    @Test func `faulty intervals are merged and in order`() throws {
        let plan = try plan(faults: [
            "offset:pump-1.flow@3h+30m", "stuck:pump-1.speed@1h+30m", "silence:pump-1@1h20m+10m",
            "silence:tank-1@2h+1m",
        ])
        let at = { (minutes: Int) in plan.start + .seconds(60 * minutes) }
        #expect(plan.faultyIntervals(of: "pump-1") == [at(60)..<at(90), at(180)..<at(210)])
        #expect(plan.faultyIntervals(of: "room-1").isEmpty)
    }

    @Test func `a plan that cannot be followed is refused`() throws {
        func message(_ change: (inout SimulationPlan) throws -> Void) throws -> String {
            var plan = try plan()
            try change(&plan)
            let error = #expect(throws: SimulationError.self) { try FleetSimulation(plan) }
            return error?.description ?? ""
        }
        #expect(
            try message { $0.period = .zero }
                == "'period': 0s out of range; expected more than 0s, at most 1h"
        )
        #expect(
            try message { $0.jitter = .seconds(60) }
                == "'jitter': 1m out of range; expected 0s or more, less than the period"
        )
        #expect(try message { $0.missingShare = 1 }.hasPrefix("'missing share': 1.0 out of range"))
        #expect(try message { $0.duration = .zero }.hasPrefix("'duration': 0s out of range"))
        #expect(
            try message { $0.faults = [try SimulatedFault(parsing: "silence:pump-2@1h+1h")] }
                == "'silence:pump-2@1h+1h': unknown device 'pump-2'; the nearest is 'pump-1'; "
                + "expected one of pump-1, refrigerator-1, tank-1, room-1"
        )
    }

    @Test func `groups are read from text`() throws {
        #expect(try SimulatedGroup(parsing: "pump:3") == SimulatedGroup(.pump, count: 3))
        #expect(try SimulatedGroup(parsing: "room").description == "room:1")
        let error = #expect(throws: SimulationError.self) { try SimulatedGroup(parsing: "pmp:3") }
        #expect(
            error?.description == "'pmp:3': unknown device kind 'pmp'; the nearest is 'pump'; "
                + "expected one of pump, refrigerator, tank, room"
        )
    }
}
