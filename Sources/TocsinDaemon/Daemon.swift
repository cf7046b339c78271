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
        let inbox = try Inbox(bytes: configuration.intake.queueBytes)
        let policy = PublishingPolicy(configuration.output)
        let clock = WallClock()
        let client = try MQTTClient(
            MQTTClient.Options(
                configuration.resolvedBroker,
                password: try BrokerPassword.read(configuration, folders),
                prefix: policy.prefix
            ),
            handlers: MQTTClient.Handlers(
                message: { topic, payload, flags in
                    inbox.put(
                        topic: topic,
                        payload: payload,
                        arrival: clock.now(),
                        isRetained: flags.isRetained
                    )
                },
                pause: { inbox.wake() },
                event: { inbox.put($0) }
            )
        )
        client.setSubscriptions(setup.intake.subscriptions)

        let service = ServiceManager()
        let finished = try Reply()
        let control = startControl(inbox, notices)
        try DedicatedThread.start("pipeline") {
            let pipeline = Pipeline(
                fleet: Fleet(
                    policies: configuration.alerts,
                    lateness: configuration.intake.lateness,
                    capacity: configuration.intake.devices
                ),
                intake: setup.intake,
                output: MQTTSink(client: client, notices: notices, policy: policy),
                inbox: inbox,
                client: client,
                notices: notices,
                service: service,
                store: store,
                clock: clock
            )
            pipeline.run()
            finished.give([])
        }
        try client.start()

        let reloader = Reloader(start: configuration, reread: reread, inbox: inbox)
        try DedicatedThread.start("signals") {
            while true {
                if Signals.next() == SIGHUP {
                    service.reloading()
                    reloader.reload()
                } else {
                    inbox.put(.stop)
                }
            }
        }
        while finished.wait(.seconds(3600)) == nil {}
        control?.remove()
    }

    private var store: StateStore? {
        let folder =
            configuration.state.directory.isEmpty
            ? folders.state : configuration.resolve(configuration.state.directory)
        return folder.map { StateStore(folder: $0, interval: configuration.state.interval) }
    }

    private func startControl(_ inbox: Inbox, _ notices: NoticeBoard) -> ControlServer? {
        let path: String
        if !configuration.control.socket.isEmpty {
            path = configuration.resolve(configuration.control.socket)
        } else if let folder = folders.runtime {
            path = "\(folder)/tocsin.sock"
        } else {
            return nil
        }
        do {
            let server = try ControlServer(path: path, inbox: inbox)
            try server.start()
            return server
        } catch {
            notices.post(.controlUnavailable(reason: "\(error)"))
            return nil
        }
    }
}
