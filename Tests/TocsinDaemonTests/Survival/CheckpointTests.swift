import Foundation
import Testing
import TocsinCore
import TocsinFiles
import TocsinTestSupport

@testable import TocsinDaemon

private func checkpoint(devices: Int) -> Checkpoint {
    var checkpoint = Checkpoint()
    for i in 0..<devices {
        checkpoint.devices.append(
            Checkpoint.Device(
                name: "pump-\(i)",
                stream: "objects",
                model: "identity",
                conditions: Array(repeating: UInt8(truncatingIfNeeded: i), count: 8),
                state: (0..<64).map { UInt8(truncatingIfNeeded: $0 &* i) }
            )
        )
    }
    checkpoint.letters = [
        Outbox.Letter(topic: "tocsin/alerts", payload: Array("{}".utf8), isRetained: false),
        Outbox.Letter(topic: "tocsin/x", payload: [], isRetained: true),
    ]
    return checkpoint
}

struct CheckpointTests {
    @Test func `what was saved is read as it was`() throws {
        let saved = checkpoint(devices: 20)
        let read = try Checkpoint(saved.encoded())
        #expect(read.devices == saved.devices)
        #expect(read.letters == saved.letters)
        #expect(read.damaged == 0)
    }

    @Test func `any flipped byte costs at most one record`() throws {
        let saved = checkpoint(devices: 6)
        let bytes = saved.encoded()
        for i in 8..<bytes.count {
            var damaged = bytes
            damaged[i] ^= 0x41
            let read = try Checkpoint(damaged)
            let left = saved.devices.count + saved.letters.count
            #expect(read.devices.count + read.letters.count >= left - 1, "byte \(i)")
            #expect(read.damaged >= 1, "byte \(i)")
            #expect(read.devices.allSatisfy { saved.devices.contains($0) }, "byte \(i)")
        }
    }

    @Test func `a file that is cut short keeps what stands before the cut`() throws {
        let saved = checkpoint(devices: 6)
        let bytes = saved.encoded()
        var most = 0
        for count in 8..<bytes.count {
            let read = try Checkpoint(Array(bytes[..<count]))
            #expect(read.damaged == 1, "\(count) bytes")
            #expect(read.devices == Array(saved.devices.prefix(read.devices.count)))
            #expect(read.devices.count >= most)
            most = read.devices.count
        }
        #expect(most == 6)
    }

    @Test(arguments: [[], Array("TOCSIN-0".utf8), Array("SQLite format 3".utf8)] as [[UInt8]])
    func `a file of another kind is refused as a whole`(bytes: [UInt8]) {
        #expect(throws: CheckpointError.foreign) { try Checkpoint(bytes) }
    }

    @Test func `a store that was never written holds nothing, and one that was, all`() throws {
        let folder = try TemporaryFolder()
        let store = StateStore(folder: folder.url.path, interval: .seconds(1))
        #expect(try store.load() == nil)
        try store.save(checkpoint(devices: 3))
        try store.save(checkpoint(devices: 4))
        #expect(try store.load()?.devices.count == 4)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
        #expect(names.sorted() == ["state", "state.previous"])
        let mode = try FileManager.default.attributesOfItem(atPath: store.path)[.posixPermissions]
        #expect(mode as? Int == 0o600)
    }

    @Test(arguments: [
        "", "\u{1}", "a/b", "a+", "#", "\u{2028}", String(repeating: "x", count: 257),
    ])
    func `a device whose name no message can have is refused`(name: String) async throws {
        let model = try Setup.loadModel(try await TrainedModel.files.model.path)
        let intake = Intake(
            streams: [
                Stream(
                    name: "objects",
                    template: try TopicTemplate("s/{device}"),
                    decoder: JSONSampleDecoder()
                )
            ],
            assignment: ModelAssignment([ModelAssignment.Rule(model: model)])
        )
        let now = Timestamp(microseconds: 1_767_225_600_000_000)
        for (name, count) in [("pump", 1), (name, 0)] {
            var fleet = Fleet()
            let added = fleet.add(name, model: model, stream: 0, now: now)
            let monitor = try #require(added.flatMap { fleet.device($0) })
            var bytes = Checkpoint.head
            Checkpoint.append(monitor, stream: "objects", to: &bytes)
            let saved = try Checkpoint(bytes + Checkpoint.end)
            var other = Fleet()
            let (restored, refused) = saved.restore(into: &other, intake: intake, now: now)
            #expect(restored == count && refused == 1 - count && other.count == count)
        }
    }

    @Test func `of a damaged file and the one before it, the better counts`() throws {
        let folder = try TemporaryFolder()
        let store = StateStore(folder: folder.url.path, interval: .seconds(1))
        try store.save(checkpoint(devices: 3))
        try store.save(checkpoint(devices: 4))
        let whole = try Data(contentsOf: URL(fileURLWithPath: store.path))
        for (bytes, expected) in [
            (whole.prefix(whole.count - 20), 4), (whole.prefix(400), 3), (Data(), 3),
            (Data("TOCSIN-9".utf8), 3),
        ] {
            try bytes.write(to: URL(fileURLWithPath: store.path))
            #expect(try store.load()?.devices.count == expected, "\(bytes.count) bytes")
        }
        try FileManager.default.removeItem(atPath: store.path)
        #expect(try store.load()?.devices.count == 3)
    }

    @Test func `a state that cannot be written is an error, and the old one stays`() throws {
        let folder = try TemporaryFolder()
        let store = StateStore(folder: folder.url.path, interval: .seconds(1))
        try store.save(checkpoint(devices: 3))
        // The draft's place is taken.
        try FileManager.default.createDirectory(
            atPath: "\(store.path).new",
            withIntermediateDirectories: false
        )
        #expect(throws: FileError.self) { try store.save(checkpoint(devices: 4)) }
        #expect(try store.load()?.devices.count == 3)
    }
}
