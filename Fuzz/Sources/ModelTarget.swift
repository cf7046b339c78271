@testable import TocsinCore
@testable import TocsinNN

/// A model file.
///
/// The first byte says whether the rest is one as it stands, or a header and, behind a NUL, what goes into the tensors. Then length, padding and checksum are made to fit, so that all
/// that is behind them is reached.
func fuzzModel(_ bytes: [UInt8]) {
    guard let choice = bytes.first else { return }
    let rest = Array(bytes.dropFirst())
    let file = choice & 1 == 0 ? rest : mended(rest)
    _ = try? ModelFile.description(file)
    let model: Model
    do {
        model = try ModelFile.decode(file, name: "fuzz")
    } catch {
        check(!error.description.isEmpty, "refused without a word")
        check(error.description.isReadable, "an unreadable word in \(error.description)")
        return
    }
    // A model that is accepted works.
    var fleet = Fleet(policies: AlertPolicies(), capacity: 2)
    guard let device = fleet.add("d", model: model, stream: 0, now: FuzzFleet.start) else {
        fatalError("no room for a device")
    }
    var messages = FuzzMessages()
    var time = FuzzFleet.start
    for frame in 0..<48 {
        for c in model.channels.indices where (frame + c) % 7 != 3 {
            let value = frame % 16 == 9 ? 1e300 : Double(frame * (c + 3) % 11)
            let sample = Sample(device: device, channel: c, time: time, value: value)
            fleet.take(sample, arrival: time) { messages.check($0) }
        }
        fleet.assess { messages.check($0) }
        time = time + model.clock.period
    }
    fleet.tick(time) { messages.check($0) }
    FuzzFleet.check(fleet)
    _ = try? ModelFile.encode(model, golden: Array(repeating: 1, count: model.channels.count))
}

/// A file of this header, with tensors as long as it says, up to a bound.
private func mended(_ text: [UInt8]) -> [UInt8] {
    let parts = text.parts(0, most: 2)
    let header = parts[0]
    var body = parts.count > 1 ? parts[1] : []
    let needed = min(largestEnd(header), 1 << 17)
    if body.count < needed { body += Array(repeating: 0, count: needed - body.count) }
    if body.count > needed { body.removeLast(body.count - needed) }
    var file = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
    file += header
    file += body
    return file
}

/// The largest number that stands before a `]}`: the end of the last tensor.
private func largestEnd(_ header: [UInt8]) -> Int {
    var largest = 0
    var number = 0
    for i in header.indices {
        let byte = header[i]
        if (48...57).contains(byte) {
            number = min(number * 10 + Int(byte) - 48, 1 << 40)
        } else {
            if byte == UInt8(ascii: "]"), i + 1 < header.count,
                header[i + 1] == UInt8(ascii: "}")
            {
                largest = max(largest, number)
            }
            number = 0
        }
    }
    return largest
}
