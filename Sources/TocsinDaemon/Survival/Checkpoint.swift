import TocsinCore
import TocsinFiles

/// All state of a daemon as one file: hidden states survive a restart, and so do raised alerts and
/// what the broker has not acknowledged.
///
/// A head, then one record per device and one per letter of the outbox. Each begins with the same eight
/// bytes and ends with a checksum: whatever is damaged, even a length, costs the devices it belongs to
/// their warm-up and not the fleet. The file is written beside the old one and renamed.
struct Checkpoint {
    /// One device as saved.
    struct Device: Equatable {
        var name: String
        var stream: String
        /// The identity of the model that made the state.
        var model: String
        /// Which alerts are raised; not the model's, so kept when it changes.
        var conditions: [UInt8]
        var state: [UInt8]
    }

    var devices: [Device] = []
    var letters: [Outbox.Letter] = []
    /// Records that were damaged, and left out.
    var damaged = 0

    private static let magic: [UInt8] = Array("TOCSIN-3".utf8)

    init() {}

    /// What a file begins with.
    static var head: [UInt8] { magic }

    /// What a file ends with.
    static var end: [UInt8] {
        var bytes: [UInt8] = []
        bytes.appendRecord(255, [])
        return bytes
    }

    /// Appends a device's record.
    static func append(_ monitor: DeviceMonitor, stream: String, to bytes: inout [UInt8]) {
        var state = StateWriter()
        monitor.save(to: &state)
        var conditions = StateWriter()
        monitor.saveConditions(to: &conditions)
        append(
            Device(
                name: monitor.name,
                stream: stream,
                model: monitor.model.identity,
                conditions: conditions.bytes,
                state: state.bytes
            ),
            to: &bytes
        )
    }

    /// Appends a device's record.
    static func append(_ device: Device, to bytes: inout [UInt8]) {
        let texts = [device.name, device.stream, device.model].map { Array($0.utf8) }
        bytes.appendRecord(0, texts + [device.conditions, device.state])
    }

    /// Appends a letter's record.
    static func append(_ letter: Outbox.Letter, to bytes: inout [UInt8]) {
        let isDoubtful = letter.isDoubtful || letter.token != nil
        bytes.appendRecord(
            letter.isRetained ? 2 : isDoubtful ? 3 : 1,
            [Array(letter.topic.utf8), letter.payload]
        )
    }

    /// The file's bytes.
    func encoded() -> [UInt8] {
        var bytes = Self.head
        for device in devices { Self.append(device, to: &bytes) }
        for letter in letters { Self.append(letter, to: &bytes) }
        return bytes + Self.end
    }

    /// Reads a file's bytes.
    init(_ bytes: [UInt8]) throws(CheckpointError) {
        guard bytes.starts(with: Self.magic) else { throw .foreign }
        var position = Self.magic.count
        while true {
            guard let record = bytes.record(at: &position) else {
                damaged += 1
                guard bytes.findRecord(&position) else { return }
                continue
            }
            // The rest is no text, and most of the file.
            let text = record.parts.prefix(record.kind == 0 ? 3 : 1).map {
                String(decoding: $0, as: UTF8.self)
            }
            switch (record.kind, record.parts.count) {
            case (0, 5):
                devices.append(
                    Device(
                        name: text[0],
                        stream: text[1],
                        model: text[2],
                        conditions: Array(record.parts[3]),
                        state: Array(record.parts[4])
                    )
                )
            case (1, 2), (2, 2), (3, 2):
                letters.append(
                    Outbox.Letter(
                        topic: text[0],
                        payload: Array(record.parts[1]),
                        isRetained: record.kind == 2,
                        isDoubtful: record.kind == 3
                    )
                )
            case (255, _):
                return
            default:
                damaged += 1
            }
        }
    }

    /// The ends of what is raised of devices that nobody judges any more.
    func orphanAlerts(intake: Intake, now: Timestamp, isOurs: (String) -> Bool) -> [Alert] {
        devices.flatMap { device -> [Alert] in
            guard device.name.isDeviceName, isOurs(device.name),
                intake.judge(of: device.name, stream: { $0 == device.stream }) == nil
            else { return [] }
            return (try? Alert.ends(of: device.name, device.conditions[...], time: now)) ?? []
        }
    }

    /// Gives the devices of `fleet` back what they remembered; where the model has changed, only which
    /// alerts are raised.
    ///
    /// - Parameter isOurs: whether a device is one of this fleet's
    /// - Returns: how many were restored, and how many records were of no use
    func restore(
        into fleet: inout Fleet,
        intake: Intake,
        now: Timestamp,
        isOurs: (String) -> Bool = { _ in true }
    ) -> (restored: Int, refused: Int) {
        var restored = 0
        var refused = 0
        for device in devices where isOurs(device.name) {
            guard device.name.isDeviceName,
                let (stream, model) = intake.judge(
                    of: device.name,
                    stream: { $0 == device.stream }
                ),
                let number = fleet.add(
                    device.name,
                    model: model,
                    stream: stream,
                    streamName: device.stream,
                    now: now
                )
            else {
                refused += 1
                continue
            }
            do {
                guard model.identity == device.model else {
                    try fleet.restoreConditions(number, from: device.conditions[...])
                    refused += 1
                    continue
                }
                try fleet.restore(number, from: device.state[...])
                restored += 1
            } catch {
                refused += 1
            }
        }
        return (restored, refused)
    }
}

/// Why a saved state could not be read.
enum CheckpointError: Error, Equatable, CustomStringConvertible {
    /// It is something else, or of another version.
    case foreign

    var description: String { "not a state file of this version" }
}

/// One record as read.
private struct Record {
    var kind: UInt8
    var parts: [ArraySlice<UInt8>] = []
}

/// What every record begins with.
private let mark: [UInt8] = Array("\u{1}RECORD\u{2}".utf8)

extension [UInt8] {
    /// Appends mark, kind, number of parts, their lengths, their bytes, and a checksum over all of it.
    fileprivate mutating func appendRecord(_ kind: UInt8, _ parts: [[UInt8]]) {
        let start = count
        append(contentsOf: mark)
        append(kind)
        append(UInt8(parts.count))
        for part in parts { appendNumber(UInt64(part.count)) }
        for part in parts { append(contentsOf: part) }
        appendNumber(checksum(self[start...]))
    }

    /// The record at `position`, which is moved behind it; `nil`, and not moved, if it is damaged.
    fileprivate func record(at position: inout Int) -> Record? {
        let lengths = position + mark.count + 2
        guard lengths <= count, self[position...].starts(with: mark) else { return nil }
        var record = Record(kind: self[lengths - 2])
        let parts = Int(self[lengths - 1])
        var place = lengths + 8 * parts
        guard place <= count else { return nil }
        for i in 0..<parts {
            let length = number(at: lengths + 8 * i)
            guard length <= UInt64(count - place) else { return nil }
            record.parts.append(self[place..<place + Int(length)])
            place += Int(length)
        }
        guard place + 8 <= count, number(at: place) == checksum(self[position..<place]) else {
            return nil
        }
        position = place + 8
        return record
    }

    /// Moves behind a damaged record, to where the next one may begin; `false` if there is none.
    fileprivate func findRecord(_ position: inout Int) -> Bool {
        var place = position + 1
        while place + mark.count <= count {
            if self[place] == mark[0], self[place...].starts(with: mark) {
                position = place
                return true
            }
            place += 1
        }
        return false
    }

    private mutating func appendNumber(_ value: UInt64) {
        for i in 0..<8 { append(UInt8(truncatingIfNeeded: value >> (8 * UInt64(i)))) }
    }

    private func number(at position: Int) -> UInt64 {
        (0..<8).reversed().reduce(0) { $0 << 8 | UInt64(self[position + $1]) }
    }

    private func checksum(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        var h: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { h = (h ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return h
    }
}
