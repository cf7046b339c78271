import CLinux
import Foundation
import Testing
import TocsinCore
import TocsinTestSupport
import TocsinThreads

@testable import TocsinDaemon

/// A memory as the next process finds it: what is mapped now, mapped once more.
///
/// A killed process leaves exactly what stands in the file at that moment, so that looking at it from
/// another mapping is what the next process would do.
private func left(by memory: StateMemory) -> StateMemory? {
    StateMemory(left: fcntl(memory.descriptor, F_DUPFD_CLOEXEC, 3))
}

/// A shard's memory with a fleet of one model in it, fed message by message.
private struct Fed: ~Copyable {
    let memory: StateMemory
    var fleet: Fleet
    let model: Model
    private var second: Int64 = 0

    init(_ model: Model) throws {
        self.model = model
        memory = try StateMemory(inbox: 1 << 20, posts: 1 << 20)
        memory.origin = (1, 0, 1)
        fleet = Fleet(lateness: .seconds(1), region: memory.region)
        memory.commit(half: 0, shares: ScoreShares())
        memory.complete()
    }

    /// So many devices that are warm, of a batch that is not finished.
    init(warm devices: Int, _ model: Model) throws {
        try self.init(model)
        for _ in 0..<model.warmUp + 6 { feed(devices: devices) }
    }

    /// Gives each of so many devices a frame, and does not finish the batch.
    ///
    /// - Parameter gap: periods without one before it
    mutating func feed(devices: Int, gap: Int64 = 0) {
        second += 1 + gap
        let time = Timestamp(
            microseconds: 1_767_225_600_000_000 + second * model.clock.period.microseconds
        )
        for device in 0..<devices {
            guard
                let number = fleet.add(
                    "device-\(device)",
                    model: model,
                    stream: 0,
                    streamName: "objects",
                    now: time
                )
            else { continue }
            for channel in model.channels.indices {
                let sample = Sample(
                    device: number,
                    channel: channel,
                    time: time,
                    value: sin(Double(second) / 9 + Double(device + channel)) * 10 + 20
                )
                fleet.take(sample, arrival: time) { _ in }
            }
        }
        fleet.assess { _ in }
    }

    func commit() { memory.commit(half: fleet.half, shares: ScoreShares()) }

    /// Finishes the batch; returns what is remembered of every device.
    func finish() -> [String: [UInt8]] {
        commit()
        return remembered(fleet)
    }
}

extension Duration {
    fileprivate var microseconds: Int64 {
        components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
    }
}

/// What is remembered of every device, by its name.
private func remembered(_ fleet: borrowing Fleet) -> [String: [UInt8]] {
    var found: [String: [UInt8]] = [:]
    for device in fleet.devices {
        var writer = StateWriter()
        device.save(to: &writer)
        found[device.name] = writer.bytes
    }
    return found
}

/// The devices of a memory, in a fleet of their own.
private func adopted(_ memory: StateMemory, _ model: Model) -> [String: [UInt8]] {
    var fleet = Fleet(lateness: .seconds(1))
    let now = Timestamp(microseconds: 0)
    memory.forEachDevice { saved in
        #expect(saved.stream == stableHash("objects"))
        let adoption = fleet.adopt(
            saved,
            model: model,
            stream: 0,
            streamName: "objects",
            now: now
        )
        guard case .whole = adoption else {
            Issue.record("\(saved.name): \(adoption)")
            return
        }
    }
    return remembered(fleet)
}

/// What the next process finds, once it has undone the batch that is under way.
private func undone(_ fed: borrowing Fed) throws -> [String: [UInt8]] {
    adopted(try #require(left(by: fed.memory)), fed.model)
}

struct StateMemoryTests {
    private var model: Model {
        get async throws { try Setup.loadModel(try await TrainedModel.files.model.path) }
    }

    @Test func `a finished batch stays, and one that is under way never was`() async throws {
        let model = try await model
        var fed = try Fed(model)
        for round in 0..<40 {
            fed.feed(devices: 3 + round)
            let finished = fed.finish()
            #expect(finished.count == 3 + round)
            // The next batch changes every device and brings a new one; then the process is gone.
            fed.feed(devices: 4 + round)
            #expect(remembered(fed.fleet) != finished)
            #expect(try undone(fed) == finished, "round \(round)")
            // Looking undid the batch under way, in the one file that there is: begin it again.
            fed = try Fed(model)
            for _ in 0..<2 { fed.feed(devices: 3 + round) }
            fed.commit()
        }
    }

    @Test func `however often it is undone, it is the same`() async throws {
        let model = try await model
        var fed = try Fed(model)
        for _ in 0..<5 { fed.feed(devices: 70) }
        let finished = fed.finish()
        for _ in 0..<3 { fed.feed(devices: 80) }
        for _ in 0..<3 {
            #expect(try undone(fed) == finished)
        }
    }

    /// Only devices that are warm keep past hidden states, and a frame writes over one of four.
    @Test(arguments: [1, 2, 3, 4, 7]) func `past states come back, however many frames a batch has`(
        _ frames: Int
    ) async throws {
        let model = try await model
        var fed = try Fed(warm: 5, model)
        let finished = fed.finish()
        for _ in 0..<frames { fed.feed(devices: 5) }
        #expect(try undone(fed) == finished)
    }

    @Test(arguments: [0, 2]) func `what a gap made a device forget comes back`(
        _ frames: Int
    ) async throws {
        let model = try await model
        var fed = try Fed(warm: 5, model)
        let finished = fed.finish()
        for _ in 0..<frames { fed.feed(devices: 5) }
        fed.feed(devices: 5, gap: 1000)
        #expect(fed.fleet.counters.resets == 5)
        for _ in 0..<model.warmUp + 2 { fed.feed(devices: 5) }
        #expect(try undone(fed) == finished)
    }

    @Test func `what a device was before it was restored comes back`() async throws {
        let model = try await model
        var fed = try Fed(warm: 2, model)
        let other = try #require(remembered(fed.fleet)["device-1"])
        for _ in 0..<2 { fed.feed(devices: 2) }
        let finished = fed.finish()
        let number = fed.fleet.find("device-0")
        try fed.fleet.restore(try #require(number), from: other[...])
        #expect(remembered(fed.fleet)["device-0"] == other)
        fed.feed(devices: 2)
        #expect(try undone(fed) == finished)
    }

    @Test func `messages, scores and alerts of a batch under way are not there yet`() throws {
        let memory = try StateMemory(inbox: 1 << 16, posts: 1 << 16, letters: 1 << 16)
        memory.complete()
        let inbox = try Inbox(memory.inbox)
        var outbox = Outbox(memory.letters)
        inbox.put(Array("a".utf8), Array("1".utf8))
        inbox.put(Array("b".utf8), Array("2".utf8))
        let (topic, payload) = (Array("t".utf8), Array("p".utf8))
        func take() {
            _ = inbox.drain(limit: 1, message: { _, _, _, _ in }, oversize: { _, _ in })
            _ = memory.posts.put(topic.span, payload.span)
            outbox.append(topic: "x", payload: payload, isRetained: false)
        }
        func found() throws -> [Int] {
            let found = TocsinDaemonTests.left(by: memory)
            let left = try #require(found)
            let next = try Inbox(bytes: 0)
            next.takeOver(left.inbox, from: left.last.inbox) { _ in true }
            var (posts, letters) = (0, 0)
            left.posts.forEach(from: left.posts.shown.start, to: left.last.posts) { _, _, _, _ in
                posts += 1
            }
            Outbox.forEachLeft(in: left.letters, until: left.last.letters) { _ in letters += 1 }
            return [next.takeAll().count, posts, letters]
        }
        #expect(try found() == [2, 0, 0])
        take()
        #expect(try found() == [2, 0, 0])
        memory.commit(half: 0, shares: ScoreShares())
        #expect(try found() == [1, 1, 1])
        take()
        #expect(try found() == [1, 1, 1])
        memory.commit(half: 0, shares: ScoreShares())
        #expect(try found() == [0, 2, 2])
        #expect(memory.posts.take { _, _, _, _ in })
        memory.posts.release()
        #expect(try found() == [0, 1, 2])
    }

    @Test func `what is no memory of this version is refused`() throws {
        func refused(_ change: (UnsafeMutableRawPointer) -> Void) throws -> Bool {
            let memory = try StateMemory(inbox: 1 << 16, posts: 1 << 16)
            memory.complete()
            let page = try #require(
                mmap(nil, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, memory.descriptor, 0)
            )
            change(page)
            munmap(page, 4096)
            return left(by: memory) == nil
        }
        #expect(try !refused { _ in })
        #expect(try refused { $0.storeBytes(of: 1, as: UInt64.self) }, "magic")
        #expect(try refused { $0.storeBytes(of: 99, toByteOffset: 8, as: UInt64.self) }, "form")
        #expect(try refused { $0.storeBytes(of: 1 << 20, toByteOffset: 16, as: Int.self) }, "size")
        #expect(try refused { $0.storeBytes(of: 4097, toByteOffset: 32, as: Int.self) }, "a part")
        let never = try StateMemory(inbox: 1 << 16, posts: 1 << 16)
        #expect(left(by: never) == nil, "never complete")
        let folder = try TemporaryFolder()
        let file = try folder.write("something else", to: "file")
        #expect(StateMemory(left: open(file, O_RDWR)) == nil)
        #expect(StateMemory(left: eventfd(0, 0)) == nil)
    }

    @Test func `a damaged record costs its device alone`() async throws {
        let model = try await model
        var fed = try Fed(model)
        for _ in 0..<3 { fed.feed(devices: 5) }
        fed.commit()
        let whole = remembered(fed.fleet)
        // A number in the recurrent state that is none.
        fed.memory.forEachDevice { saved in
            if saved.name == "device-3" { saved.damage() }
        }
        var fleet = Fleet(lateness: .seconds(1))
        var refused: [String] = []
        let next = try #require(left(by: fed.memory))
        next.forEachDevice { saved in
            let adoption = fleet.adopt(
                saved,
                model: model,
                stream: 0,
                streamName: "objects",
                now: Timestamp(microseconds: 0)
            )
            if case .whole = adoption {} else { refused.append(saved.name) }
        }
        #expect(refused == ["device-3"])
        let found = remembered(fleet)
        #expect(found.count == 5)
        for (name, bytes) in whole where name != "device-3" { #expect(found[name] == bytes) }
    }

    @Test func `a reload moves to the other half at once, and its old half is given back`()
        async throws
    {
        let model = try await model
        var fed = try Fed(model)
        for _ in 0..<3 { fed.feed(devices: 200) }
        fed.commit()
        let before = remembered(fed.fleet)
        let intake = Intake(
            streams: [
                Stream(
                    name: "objects",
                    template: try TopicTemplate("sensors/{device}"),
                    decoder: JSONSampleDecoder()
                )
            ],
            assignment: ModelAssignment([ModelAssignment.Rule(model: model)])
        )
        for half in [1, 0, 1] {
            let now = Timestamp(microseconds: 0)
            let kept = fed.fleet.reload(
                names: ["objects"],
                intake: intake,
                policies: AlertPolicies(),
                now: now
            ) { _ in }
            #expect(kept == 200 && fed.fleet.half == half)
            #expect(remembered(fed.fleet) == before)
            fed.commit()
            let next = try #require(left(by: fed.memory))
            #expect(adopted(next, model) == before)
            let blocks = try blocks(fed.memory.descriptor)
            fed.memory.clear(half: 1 - half)
            #expect(try self.blocks(fed.memory.descriptor) < blocks)
        }
    }

    private func blocks(_ descriptor: Int32) throws -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw POSIXError(.EIO) }
        return Int(status.st_blocks)
    }
}
