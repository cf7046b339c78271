import Glibc
public import Logging
import TocsinCore
import TocsinMQTT
public import TocsinSystemd
import TocsinThreads

/// The daemon: puts everything together, runs it, and takes it apart again.
public struct Daemon: Sendable {
    private let configuration: Configuration
    /// Reads the configuration again, for a reload.
    private let reread: @Sendable () throws -> Configuration
    private let folders: ServiceFolders
    private let logger: Logger

    /// A daemon that has not started.
    public init(
        _ configuration: Configuration,
        folders: ServiceFolders,
        logger: Logger,
        reread: @escaping @Sendable () throws -> Configuration
    ) {
        self.configuration = configuration
        self.folders = folders
        self.logger = logger
        self.reread = reread
    }

    /// Runs until SIGTERM or SIGINT, which must be blocked by ``Signals/block()`` already.
    public func run() throws {
        let setup = try Setup(configuration)
        let notices = NoticeBoard(logger)
        let service = ServiceManager()
        let mailbox = try Mailbox<Event>()
        let count = configuration.intake.shardCount
        let broker = configuration.resolvedBroker
        let policy = PublishingPolicy(configuration.output)
        let clock = WallClock()

        let memories = try (0..<count).map { _ in
            try StateMemory(
                inbox: configuration.intake.queueBytes,
                posts: broker.queuedMessages * 1024 / count
            )
        }
        let shards = try memories.map { try ShardHandle(Inbox($0.inbox)) }
        let store = store
        let inheritance = inheritance(service, store, notices)
        let router = Router(
            shards,
            by: setup.intake,
            echo: EchoWatch.Topics(prefix: policy.prefix),
            deliveries: memories[0].deliveries,
            conductor: mailbox
        )
        let client = try MQTTClient(
            MQTTClient.Options(
                broker,
                password: try BrokerPassword.read(configuration, folders),
                prefix: policy.prefix
            ),
            posts: memories.map(\.posts) + [ByteRing(bytes: 1 << 16)],
            handlers: MQTTClient.Handlers(
                message: { topic, payload, flags in
                    router.put(
                        topic: topic,
                        payload: payload,
                        arrival: WallClock.stamp(),
                        flags: flags
                    )
                },
                pause: { router.wake() },
                event: { event in
                    switch event {
                    case .published(let token) where token.owner < count:
                        shards[token.owner].inbox.put(.settled(token, nil))
                    case .publishFailed(let token, let failure) where token.owner < count:
                        shards[token.owner].inbox.put(.settled(token, failure))
                        mailbox.put(.connection(event))
                    case .connected(let sessionPresent, _):
                        router.connected(sessionPresent: sessionPresent)
                        mailbox.put(.connection(event))
                    default:
                        mailbox.put(.connection(event))
                    }
                }
            )
        )
        client.setSubscriptions(setup.intake.subscriptions)
        let control = startControl(mailbox, notices)
        let crew = Crew(
            configuration,
            intake: setup.intake,
            client: client,
            notices: notices,
            clock: clock
        )
        try crew.start(shards, memories, from: inheritance, keptBy: service)
        try client.start()
        let finished = try Reply()
        try DedicatedThread.start("conductor") {
            let conductor = Conductor(
                shards: shards,
                router: router,
                mailbox: mailbox,
                client: client,
                notices: notices,
                service: service,
                store: store,
                clock: clock,
                policy: policy,
                intake: setup.intake,
                echo: EchoWatch(
                    prefix: policy.prefix,
                    isPossible: broker.sessionExpiry > .zero
                )
            )
            conductor.run()
            finished.give([])
        }

        let reloader = Reloader(start: configuration, reread: reread, conductor: mailbox)
        try DedicatedThread.start("signals") {
            while true {
                if Signals.next() == SIGHUP {
                    service.reloading()
                    reloader.reload()
                } else {
                    mailbox.put(.stop)
                }
            }
        }
        while finished.wait(.seconds(3600)) == nil {}
        control?.remove()
        // Whatever thread still runs may hold a ring in them.
        withExtendedLifetime(memories) {}
    }

    private func inheritance(
        _ service: ServiceManager,
        _ store: StateStore?,
        _ notices: NoticeBoard
    ) -> Inheritance {
        Inheritance(service.takeStored()) {
            do {
                return try store?.load()
            } catch {
                notices.post(.stateUnusable(reason: "\(error)"))
                return nil
            }
        }
    }

    private var store: StateStore? {
        let folder =
            configuration.state.directory.isEmpty
            ? folders.state : configuration.resolve(configuration.state.directory)
        return folder.map { StateStore(folder: $0, interval: configuration.state.interval) }
    }

    private func startControl(_ conductor: Mailbox<Event>, _ notices: NoticeBoard) -> ControlServer?
    {
        let path: String
        if !configuration.control.socket.isEmpty {
            path = configuration.resolve(configuration.control.socket)
        } else if let folder = folders.runtime {
            path = "\(folder)/tocsin.sock"
        } else {
            return nil
        }
        do {
            let server = try ControlServer(path: path, conductor: conductor) { reason in
                notices.post(.controlBusy(reason: reason))
            }
            try server.start()
            return server
        } catch {
            notices.post(.controlUnavailable(reason: "\(error)"))
            return nil
        }
    }
}
