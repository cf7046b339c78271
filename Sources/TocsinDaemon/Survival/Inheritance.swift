import Glibc
import TocsinCore
import TocsinSystemd
import TocsinThreads

/// What an earlier process left: memory that systemd kept, or a file on disk.
struct Inheritance {
    /// The memories of the latest start that was complete, by shard; empty if there are none.
    let memories: [StateMemory]
    /// What was saved on disk.
    private let checkpoint: Checkpoint?
    /// Names in the service manager's store that are of no use any more, once this was handed over.
    private let names: Set<String>

    /// What became of the devices that were known.
    struct Result {
        var restored = 0
        var refused = 0
    }

    /// Looks at what is there.
    ///
    /// - Parameters:
    ///   - stored: descriptors and their names, as the service manager kept them
    ///   - checkpoint: reads the file on disk
    init(_ stored: [(name: String, descriptor: Int32)], checkpoint: () throws -> Checkpoint?)
        rethrows
    {
        let found = stored.compactMap { stored in
            let memory = StateMemory(left: stored.descriptor)
            if memory == nil { close(stored.descriptor) }
            return memory
        }
        let generations = Dictionary(grouping: found, by: \.origin.generation)
        let latest = generations.filter { generation in
            let shards = generation.value.map(\.origin.shard).sorted()
            return shards == Array(0..<generation.value[0].origin.shards)
        }.max { $0.key < $1.key }
        memories = (latest?.value ?? []).sorted { $0.origin.shard < $1.origin.shard }
        names = Set(stored.map(\.name))
        self.checkpoint = try checkpoint()
    }

    /// The messages that came last, and that the broker may send again.
    var deliveries: [Delivery] {
        memories.first?.deliveries.deliveries(until: memories.map(\.inbox.shown.end)) ?? []
    }

    /// Whether anything was left.
    var isThere: Bool { !memories.isEmpty || checkpoint != nil }

    /// The number of this start; larger than that of any before, also of one that came to nothing.
    var generation: Int {
        let named = names.compactMap { Self.generation(of: $0) }.max() ?? 0
        return max(named, memories.first?.origin.generation ?? 0) + 1
    }

    /// What a start calls the memory of a shard in the service manager's store.
    static func name(generation: Int, shard: Int) -> String { "tocsin-\(generation)-\(shard)" }

    private static func generation(of name: String) -> Int? {
        let parts = name.split(separator: "-")
        return parts.count == 3 && parts[0] == "tocsin" ? Int(parts[1]) : nil
    }

    /// Tells the service manager that what it kept is not needed any more.
    func discard(_ service: ServiceManager) {
        for name in names { service.removeStored(name) }
    }

    /// Hands a shard its part.
    ///
    /// - Parameters:
    ///   - shard: which of `shards`
    ///   - fleet: gets devices
    ///   - output: gets alerts that wait, and what was published
    ///   - inbox: gets messages that wait
    ///   - memory: gets scores that wait
    func hand(
        to shard: Int,
        of shards: Int,
        fleet: inout Fleet,
        intake: Intake,
        output: inout MQTTSink,
        inbox: Inbox,
        memory: StateMemory,
        now: Timestamp
    ) -> Result {
        func isOurs(_ name: String) -> Bool {
            let name = Array(name.utf8)
            return shards == 1 || part(of: name.span, among: shards) == shard
        }
        guard !memories.isEmpty else {
            return restore(shard, &fleet, intake, &output, isOurs, now: now)
        }
        var result = Result()
        var unadopted: Set<String> = []
        var ends: [Alert] = []
        for saved in devices where isOurs(saved.name) {
            guard let judge = judge(of: saved, intake) else {
                ends += saved.ends(time: now)
                result.refused += 1
                continue
            }
            switch adopt(saved, into: &fleet, intake, judge, now) {
            case .whole:
                result.restored += 1
            case .conditions, .none:
                result.refused += 1
                unadopted.insert(saved.name)
            }
        }
        // A new version may not understand the memory of the old one, but always its file.
        if let checkpoint, !unadopted.isEmpty {
            let (restored, _) = checkpoint.restore(into: &fleet, intake: intake, now: now) {
                unadopted.contains($0)
            }
            result.restored += restored
            result.refused -= restored
        }
        if memories.count == shards {
            output.shares = memories[shard].last.shares
        } else {
            fleet.forgetStreamTimes()
            for monitor in fleet.devices { output.resume(monitor.published) }
        }
        for (i, left) in memories.enumerated() {
            let last = left.last
            inbox.takeOver(left.inbox, from: last.inbox) { topic in
                shards == 1 || Router.shard(of: topic, intake, among: shards) == shard
            }
            guard i % shards == shard else { continue }
            Outbox.forEachLeft(in: left.letters, until: last.letters) { output.resume($0) }
            left.posts.forEach(from: left.posts.shown.start, to: last.posts) {
                _,
                _,
                topic,
                payload in
                _ = memory.posts.put(topic, payload)
            }
        }
        for end in ends { output.take(end) }
        return result
    }

    /// All devices, in the order in which they came.
    private var devices: [SavedDevice] {
        memories.flatMap { memory in
            var devices: [SavedDevice] = []
            memory.forEachDevice { devices.append($0) }
            return devices.sorted { $0.number < $1.number }
        }
    }

    private func judge(of saved: SavedDevice, _ intake: Intake) -> (stream: Int, model: Model)? {
        intake.judge(of: saved.name) { stableHash($0) == saved.stream }
    }

    private func adopt(
        _ saved: SavedDevice,
        into fleet: inout Fleet,
        _ intake: Intake,
        _ judge: (stream: Int, model: Model),
        _ now: Timestamp
    ) -> Fleet.Adoption {
        fleet.adopt(
            saved,
            model: judge.model,
            stream: judge.stream,
            streamName: intake.streams[judge.stream].name,
            now: now
        )
    }

    private func restore(
        _ shard: Int,
        _ fleet: inout Fleet,
        _ intake: Intake,
        _ output: inout MQTTSink,
        _ isOurs: (String) -> Bool,
        now: Timestamp
    ) -> Result {
        guard let checkpoint else { return Result() }
        let (restored, refused) = checkpoint.restore(
            into: &fleet,
            intake: intake,
            now: now,
            isOurs: isOurs
        )
        var result = Result(restored: restored, refused: refused)
        if shard == 0 {
            for letter in checkpoint.letters { output.resume(letter) }
            result.refused += checkpoint.damaged
        }
        let ends = checkpoint.orphanAlerts(intake: intake, now: now, isOurs: isOurs)
        for end in ends { output.take(end) }
        return result
    }
}

extension Intake {
    /// By which stream a known device comes, and what judges it; `nil` if nobody does any more.
    func judge(of device: String, stream isItsStream: (String) -> Bool)
        -> (stream: Int, model: Model)?
    {
        guard let stream = streams.firstIndex(where: { isItsStream($0.name) }),
            let model = assignment.model(device: device, stream: streams[stream].name)
        else { return nil }
        return (stream, model)
    }
}
