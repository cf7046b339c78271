import Glibc
import TocsinCore
import TocsinMQTT
import TocsinSystemd
import TocsinThreads

/// Starts the shards: gives each what an earlier process left of its devices, then a thread.
struct Crew: Sendable {
    private let configuration: Configuration
    private let intake: Intake
    private let client: MQTTClient
    private let notices: NoticeBoard
    private let clock: WallClock

    init(
        _ configuration: Configuration,
        intake: Intake,
        client: MQTTClient,
        notices: NoticeBoard,
        clock: WallClock
    ) {
        self.configuration = configuration
        self.intake = intake
        self.client = client
        self.notices = notices
        self.clock = clock
    }

    /// Starts all shards.
    ///
    /// What an earlier process left is copied, never used in place: whatever happens on the way, it is
    /// still there. The new memory is put into the service manager's store before the old one is taken
    /// out.
    func start(
        _ shards: [ShardHandle],
        _ memories: [StateMemory],
        from inheritance: Inheritance,
        keptBy service: ServiceManager
    ) throws {
        var result = Inheritance.Result()
        var isRestored = false
        let quota = DeviceQuota(configuration.intake.devices)
        for number in shards.indices {
            let (memory, handle) = (memories[number], shards[number])
            memory.origin = (inheritance.generation, number, shards.count)
            var intake = intake
            intake.part = (number, shards.count)
            var fleet = Fleet(
                policies: configuration.alerts,
                lateness: configuration.intake.lateness,
                quota: quota,
                region: memory.region
            )
            var publishing = PublishingPolicy(configuration.output)
            publishing.share(among: shards.count)
            var output = MQTTSink(
                client: client,
                notices: notices,
                policy: publishing,
                ring: number,
                outbox: Outbox(memory.letters, owner: number, isHeld: true)
            )
            let part = inheritance.hand(
                to: number,
                of: shards.count,
                fleet: &fleet,
                intake: intake,
                output: &output,
                inbox: handle.inbox,
                memory: memory,
                now: clock.now()
            )
            result.restored += part.restored
            result.refused += part.refused
            isRestored = isRestored || inheritance.isThere
            memory.commit(half: fleet.half, shares: output.shares)
            if number == 0 { memory.deliveries.takeOver(inheritance.deliveries) }
            memory.complete()
            service.store(
                memory.descriptor,
                name: Inheritance.name(generation: inheritance.generation, shard: number)
            )
            let shard = Shard(
                number: number,
                fleet: fleet,
                intake: intake,
                output: output,
                handle: handle,
                memory: memory,
                client: client,
                notices: notices,
                clock: clock
            )
            try start(shard)
        }
        inheritance.discard(service)
        if isRestored {
            notices.post(.stateRestored(devices: result.restored, refused: result.refused))
        }
    }

    private func start(_ shard: consuming Shard) throws(ThreadError) {
        let name = "shard \(shard.number)"
        let given = Given(shard)
        try DedicatedThread.start(name) { given.take()?.run() }
    }
}

/// A shard on its way to its thread.
private final class Given: @unchecked Sendable {
    // @unchecked: given by one thread before the other one starts.
    private var shard: Shard?

    init(_ shard: consuming Shard) { self.shard = consume shard }

    func take() -> Shard? { shard.take() }
}

extension Configuration.Intake {
    /// Over how many threads devices are spread.
    ///
    /// The network thread has a core of its own; with one or two, one thread scores.
    var shardCount: Int {
        shards > 0 ? shards : min(max(Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))) - 1, 1), 16)
    }
}
