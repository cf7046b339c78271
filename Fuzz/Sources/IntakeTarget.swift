@testable import TocsinCore
@testable import TocsinDaemon

/// Messages for a fleet, one behind another with NUL between them: a byte whose bits say how they
/// arrive, the topic up to a newline, the payload.
///
/// After each message all that is remembered must be a number, and all that is published readable.
func fuzzIntake(_ bytes: [UInt8]) {
    var fleet = Fleet(capacity: 8)
    var intake = FuzzFleet.intake
    var messages = FuzzMessages()
    var arrival = FuzzFleet.start
    for message in bytes.parts(0, most: 64) {
        guard let how = message.first else { continue }
        arrival.microseconds += Int64(how & 0x3F) * 500_000
        // Now and then the clock jumps.
        if how & 0xC0 == 0xC0 { arrival.microseconds -= 3_600_000_000 }
        let parts = Array(message.dropFirst()).parts(UInt8(ascii: "\n"), most: 2)
        guard parts.count == 2 else { continue }
        let (topic, payload) = (parts[0], parts[1])
        _ = try? intake.take(
            topic: topic.span,
            payload: payload.span,
            arrival: arrival,
            isRetained: how & 0xC0 == 0x40,
            into: &fleet
        ) { messages.check($0) }
        fleet.assess { messages.check($0) }
        if how & 0xC0 == 0x80 { fleet.tick(arrival) { messages.check($0) } }
        FuzzFleet.check(fleet)
    }
    fleet.flush { messages.check($0) }
    FuzzFleet.check(fleet)
    FuzzFleet.checkRestored(fleet)
}
