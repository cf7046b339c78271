import CLinux
import Foundation
import Logging
import Testing
import TocsinCore
import TocsinMQTT
import TocsinTestSupport

@testable import TocsinDaemon

/// Which of several memories counts.
struct InheritanceTests {
    /// Memories of one start, of which so many shards are there.
    private func memories(_ generation: Int, shards: Int, present: Int, isComplete: Bool = true)
        throws -> [(name: String, descriptor: Int32)]
    {
        try (0..<present).map { shard in
            let memory = try StateMemory(inbox: 1 << 16, posts: 1 << 16)
            memory.origin = (generation, shard, shards)
            if isComplete { memory.complete() }
            return (
                Inheritance.name(generation: generation, shard: shard),
                fcntl(memory.descriptor, F_DUPFD_CLOEXEC, 3)
            )
        }
    }

    private func chosen(_ stored: [(name: String, descriptor: Int32)]) -> [Int] {
        let inheritance = Inheritance(stored) { nil }
        return [inheritance.memories.first?.origin.generation ?? 0, inheritance.memories.count]
            + [inheritance.generation]
    }

    @Test func `the latest start counts of which every shard is there`() throws {
        #expect(chosen([]) == [0, 0, 1])
        #expect(try chosen(memories(4, shards: 2, present: 2)) == [4, 2, 5])
        let both = try memories(4, shards: 2, present: 2) + memories(5, shards: 3, present: 3)
        #expect(chosen(both.reversed()) == [5, 3, 6])
        // Killed while it handed over: the one before counts, and its number is not used again.
        let torn = try memories(4, shards: 2, present: 2) + memories(5, shards: 3, present: 2)
        #expect(chosen(torn) == [4, 2, 6])
        let unfinished =
            try memories(4, shards: 1, present: 1)
            + memories(5, shards: 1, present: 1, isComplete: false)
        #expect(chosen(unfinished) == [4, 1, 6])
    }

    /// The memory of one shard of two, with a device that was heard now and shows a time of its own.
    private func memory(_ shard: Int, _ model: Model, shows time: Timestamp, now: Timestamp) throws
        -> (name: String, descriptor: Int32)
    {
        let memory = try StateMemory(inbox: 1 << 16, posts: 1 << 16)
        memory.origin = (1, shard, 2)
        var fleet = Fleet(region: memory.region)
        let device = fleet.add(
            "device-\(shard)",
            model: model,
            stream: 0,
            streamName: "objects",
            now: now
        )
        let number = try #require(device)
        for channel in model.channels.indices {
            let sample = Sample(device: number, channel: channel, time: time, value: 20)
            fleet.take(sample, arrival: now) { _ in }
        }
        memory.commit(half: 0, shares: ScoreShares())
        memory.complete()
        return (
            Inheritance.name(generation: 1, shard: shard),
            fcntl(memory.descriptor, F_DUPFD_CLOEXEC, 3)
        )
    }

    @Test func `streams that were not equally far make nobody silent when two shards become one`()
        async throws
    {
        let model = try Setup.loadModel(try await TrainedModel.files.model.path)
        let now = Timestamp(microseconds: 1_767_225_600_000_000)
        let inheritance = Inheritance([
            try memory(0, model, shows: now, now: now),
            try memory(1, model, shows: now + .seconds(86_400), now: now),
        ]) { nil }
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
        let memory = try StateMemory(inbox: 1 << 16, posts: 1 << 16)
        var fleet = Fleet(region: memory.region)
        var output = MQTTSink(
            client: try MQTTClient(
                MQTTClient.Options(address: .tcp(host: "127.0.0.1", port: 1)),
                handlers: .init(message: { _, _, _ in }, event: { _ in })
            ),
            notices: NoticeBoard(Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }),
            policy: PublishingPolicy(Configuration.Output())
        )
        let result = inheritance.hand(
            to: 0,
            of: 1,
            fleet: &fleet,
            intake: intake,
            output: &output,
            inbox: try Inbox(memory.inbox),
            memory: memory,
            now: now
        )
        #expect(result.restored == 2)
        fleet.tick(now + .seconds(1)) { _ in Issue.record("somebody is silent") }
    }

    @Test func `a stranger's descriptor is closed, and nothing comes of it`() {
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        defer { close(ends[0]) }
        let stranger = inode(ends[1])
        #expect(stranger != nil)
        let inheritance = Inheritance([("something", ends[1])]) { nil }
        #expect(inheritance.memories.isEmpty && !inheritance.isThere)
        // Its number may be another test's by now.
        #expect(inode(ends[1]) != stranger)
    }

    /// The number of the file behind a descriptor, or `nil` if it is closed.
    private func inode(_ descriptor: Int32) -> ino_t? {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? status.st_ino : nil
    }
}
