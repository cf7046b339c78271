@testable import TocsinCore
@testable import TocsinDaemon

/// The first byte says what the rest is: a state file as it stands; or a device's record, its raised
/// conditions, or a letter, around which a file with right checksums is made.
///
/// Whatever is taken back must be a state that goes on.
func fuzzState(_ bytes: [UInt8]) {
    guard let choice = bytes.first else { return }
    let rest = Array(bytes.dropFirst())
    let parts = rest.parts(0, most: 3)
    var made = Checkpoint()
    switch choice & 3 {
    case 1:
        made.devices = [device(state: rest)]
    case 2:
        made.devices = [device(conditions: rest, state: [], model: "another")]
    case 3 where parts.count == 3:
        let text = parts.map { String(decoding: $0, as: UTF8.self) }
        made.devices = [device(named: text[0], stream: text[1], state: parts[2])]
        made.letters = [
            Outbox.Letter(topic: text[0], payload: parts[1], isRetained: choice & 4 == 0)
        ]
    default:
        break
    }
    let file = choice & 3 == 0 ? rest : made.encoded()
    guard let checkpoint = try? Checkpoint(file) else { return }
    if choice & 3 != 0 { check(checkpoint.devices == made.devices, "other devices than written") }
    var fleet = Fleet(capacity: 8)
    let (restored, refused) = checkpoint.restore(
        into: &fleet,
        intake: FuzzFleet.intake,
        now: FuzzFleet.start
    )
    check(restored + refused <= checkpoint.devices.count + checkpoint.damaged, "too many")
    FuzzFleet.check(fleet)
    FuzzFleet.checkRestored(fleet)
    goOn(&fleet)
}

/// Some frames for every device that is there.
private func goOn(_ fleet: inout Fleet) {
    var messages = FuzzMessages()
    for number in 0..<fleet.count {
        let topic = Array("s/\(fleet.name(of: number))".utf8)
        var intake = FuzzFleet.intake
        var time = FuzzFleet.start
        for frame in 0..<24 {
            let payload = Array("{\"a\":\(frame % 5),\"b\":\(frame % 3)}".utf8)
            _ = try? intake.take(
                topic: topic.span,
                payload: payload.span,
                arrival: time,
                isRetained: false,
                into: &fleet
            ) { messages.check($0, topic: false) }
            fleet.assess { messages.check($0, topic: false) }
            time = time + .seconds(1)
        }
        fleet.tick(time + .seconds(86_400)) { messages.check($0, topic: false) }
    }
    FuzzFleet.check(fleet)
}

private func device(
    named name: String = "d",
    stream: String = "objects",
    conditions: [UInt8] = [],
    state: [UInt8],
    model: String = FuzzFleet.model.identity
) -> Checkpoint.Device {
    Checkpoint.Device(
        name: name,
        stream: stream,
        model: model,
        conditions: conditions,
        state: state
    )
}
