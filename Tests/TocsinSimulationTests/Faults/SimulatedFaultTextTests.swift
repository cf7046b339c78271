import Testing
import TocsinCore
import TocsinSimulation

struct SimulatedFaultTextTests {
    @Test func `every part of a fault is read`() throws {
        let fault = try SimulatedFault(parsing: "offset:pump-1.pressure@2d3h+45m*0.3")
        #expect(
            fault
                == SimulatedFault(
                    .offset,
                    device: "pump-1",
                    channels: ["pressure"],
                    start: .seconds(183_600),
                    duration: .seconds(2_700),
                    strength: 0.3
                )
        )
    }

    @Test(arguments: [
        "offset:pump-1.pressure@2d3h+45m*0.3", "silence:room-2@1d6h+2h",
        "swap:tank-12.inflow/outflow@0s+1m30s", "speed:refrigerator-1@1h+1h*1.4",
        "spike:room-1.co2@1h+1s*-2.0",
    ])
    func `a fault survives being read and written`(text: String) throws {
        #expect(try SimulatedFault(parsing: text).description == text)
    }

    @Test func `without a strength the usual one counts`() throws {
        let fault = try SimulatedFault(parsing: "drift:tank-1.level@1h+1h")
        #expect(fault.strength == SimulatedFaultKind.drift.usualStrength)
        #expect(try SimulatedFault(parsing: fault.description) == fault)
    }

    @Test(arguments: [
        (
            "ofset:pump-1.flow@1h+1h",
            "unknown fault kind 'ofset'; the nearest is 'offset'; expected one of spike, offset, "
                + "drift, stuck, noise, lag, swap, silence, speed, clog, cavitation, leak, window"
        ),
        (
            "offset:pump-1.flwo@1h+1h",
            "unknown channel 'flwo'; expected one of speed, flow, pressure, motor_current, "
                + "bearing_temperature, motor_temperature, vibration"
        ),
        (
            "offset:pumpe-1.flow@1h+1h",
            "unknown device 'pumpe-1'; the nearest is 'pump-1'; "
                + "expected one of pump-1, refrigerator-1, tank-1, room-1"
        ),
        ("offset", "device missing; expected kind:device[.channel]@start+duration[*strength]"),
        (
            "offset:pump-1.flow",
            "'@start' missing; expected kind:device[.channel]@start+duration[*strength]"
        ),
        (
            "offset:pump-1.flow@1h",
            "'+duration' missing; expected kind:device[.channel]@start+duration[*strength]"
        ),
        (
            "offset:pump-1.flow@1x+1h",
            "start '1x' cannot be read; expected a span, such as 90s, 45m or 2d3h"
        ),
        ("offset:pump-1.flow@1h+", "duration missing; expected a span, such as 90s, 45m or 2d3h"),
        ("offset:pump-1.flow@1h+0s", "duration out of range; expected more than 0s"),
        (
            "offset:pump-1.flow@1h+1h*big",
            "strength 'big' cannot be read; expected a number, such as 0.3"
        ),
        ("speed:pump-1@1h+1h*9", "strength out of range; expected 0.1...3.0"),
        ("speed:pump-1@1h+1h*nan", "strength out of range; expected 0.1...3.0"),
        ("silence:pump-1@1h+1h*2", "strength out of range; expected none"),
        ("offset:pump-1@1h+1h", "channel missing; expected one channel, '.name'"),
        (
            "silence:pump-1.flow@1h+1h", "channel 'flow' cannot be read; expected no channel"
        ),
        (
            "swap:pump-1.flow/flow@1h+1h",
            "channel 'flow/flow' cannot be read; expected two channels, '.name/name'"
        ),
        ("clog:room-1@1h+1h", "a room cannot have the fault 'clog'"),
    ])
    func `a text that is no fault says what, where and what was expected`(
        text: String,
        explanation: String
    ) {
        let error = #expect(throws: SimulationError.self) { try SimulatedFault(parsing: text) }
        #expect(error?.description == "'\(text)': \(explanation)")
    }
}
