@testable import TocsinCore
@testable import TocsinDaemon
import TocsinFiles
import TocsinNN

/// Inputs that only code of ours can make: model files and saved states.
///
/// To be written anew when one of the formats changes.
enum Seeds {
    static func write(to folder: String) {
        do {
            for (name, model) in models { try writeModel(model, "\(folder)/model", name) }
            try writeStates("\(folder)/state")
        } catch {
            fatalError("\(error)")
        }
    }

    private static var models: [(String, Model)] {
        [
            ("lstm", smallModel(hiddenSize: 2)),
            ("gru", smallModel(hiddenSize: 2, cell: .gru, heads: [.forecast, .reconstruct])),
            ("rnn", smallModel(hiddenSize: 2, cell: .rnn, heads: .reconstruct)),
            ("half", smallModel(hiddenSize: 2, weights: .half)),
        ]
    }

    private static func writeModel(_ model: Model, _ folder: String, _ name: String) throws {
        let golden = (0..<16).map { Double($0 % 5) + 8 }
        let whole = try ModelFile.encode(model, golden: golden)
        try Files.write([0] + whole, to: "\(folder)/\(name)")
        // Without a checksum, a changed header is still read.
        var file = try Safetensors(whole)
        file.metadata["checksum"] = nil
        let bytes = try file.encoded()
        let length = Int(bytes[0]) | Int(bytes[1]) << 8 | Int(bytes[2]) << 16
        let header = Array(bytes[8..<8 + length])
        try Files.write([1] + header + [0] + bytes[(8 + length)...], to: "\(folder)/\(name)-open")
    }

    private static func writeStates(_ folder: String) throws {
        for frames in [0, 3, 40] {
            var fleet = Fleet(capacity: 8)
            var intake = FuzzFleet.intake
            var outbox = Outbox()
            var time = FuzzFleet.start
            for frame in 0..<frames {
                for device in ["d", "e"] {
                    let payload = Array("{\"a\":\(frame % 7),\"b\":\(frame < 20 ? 1 : 900)}".utf8)
                    let topic = Array("s/\(device)".utf8)
                    _ = try intake.take(
                        topic: topic.span,
                        payload: payload.span,
                        arrival: time,
                        isRetained: false,
                        into: &fleet
                    ) { _ in }
                }
                fleet.assess { _ in }
                time = time + .seconds(1)
            }
            outbox.append(topic: "tocsin/alerts", payload: [1, 2], isRetained: false)
            var saved = try Checkpoint(FuzzFleet.file(of: fleet))
            saved.letters = outbox.letters
            try Files.write([0] + saved.encoded(), to: "\(folder)/file-\(frames)")
            guard let device = saved.devices.first else { continue }
            try Files.write([1] + device.state, to: "\(folder)/device-\(frames)")
            try Files.write([2] + device.conditions, to: "\(folder)/conditions-\(frames)")
            let letter = Array("d\0objects\0".utf8)
            try Files.write([3] + letter + device.state, to: "\(folder)/letter-\(frames)")
        }
    }
}
