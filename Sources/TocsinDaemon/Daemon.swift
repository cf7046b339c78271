import Glibc
public import Logging
import ServiceLifecycle
import Synchronization
import TocsinCore
import TocsinFiles
import TocsinMQTT
import TocsinSystemd
import TocsinThreads
import UnixSignals

/// The daemon: puts everything together, runs it, and takes it apart again.
public struct Daemon: Sendable {
    private let configuration: Configuration
    /// Reads the configuration again, for a reload.
    private let reread: @Sendable () throws -> Configuration
    private let environment: Environment
    private let logger: Logger

    /// Folders that systemd provides.
    public struct Environment: Sendable {
        /// `$STATE_DIRECTORY`.
        public var state: String?
        /// `$RUNTIME_DIRECTORY`.
        public var runtime: String?
        /// `$CREDENTIALS_DIRECTORY`.
        public var credentials: String?

        /// As found in the process's environment.
        public init() {
            state = Self.variable("STATE_DIRECTORY")
            runtime = Self.variable("RUNTIME_DIRECTORY")
            credentials = Self.variable("CREDENTIALS_DIRECTORY")
        }

        private static func variable(_ name: String) -> String? {
            unsafe getenv(name).map { unsafe String(cString: $0) }
        }
    }

    /// Whether there is such a file.
    public static func exists(_ path: String) -> Bool {
        unsafe access(path, F_OK) == 0
    }

    /// A daemon that has not started.
    public init(
        _ configuration: Configuration,
        environment: Environment,
        logger: Logger,
        reread: @escaping @Sendable () throws -> Configuration
    ) {
        self.configuration = configuration
        self.environment = environment
        self.logger = logger
        self.reread = reread
    }

    /// Runs until SIGTERM or SIGINT.
    public func run() async throws {
        let setup = try Setup(configuration)
        let notices = NoticeBoard(logger)
        let inbox = try Inbox(bytes: configuration.intake.queueBytes)
        let policy = PublishingPolicy(configuration.output)
        let clock = WallClock()
        let client = try MQTTClient(
            MQTTClient.Options(
                configuration.broker,
                password: try password(),
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
                event: { inbox.put($0) }
            )
        )
        client.setSubscriptions(
            setup.intake.streams.map { MQTTSubscription($0.template.filter) }
        )

        let service = ServiceManager()
        let finished = FinishedFlag()
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
            finished.set()
        }
        try client.start()

        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(service: PipelineService(inbox: inbox, finished: finished)),
                    .init(service: ReloadService(reload: { reload(inbox, notices, service) })),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: Logger(label: "lifecycle") { _ in SwiftLogNoOpLogHandler() }
            )
        )
        try await group.run()

        service.stopping()
        notices.post(.stopping)
        control?.remove()
        // The will speaks only for a daemon that is gone without a word; this one says goodbye.
        _ = try? client.publish(
            topic: "\(policy.prefix)/status",
            payload: Array("offline".utf8),
            qos: .atLeastOnce,
            isRetained: true
        )
        client.stop(within: .seconds(5))
    }

    private var store: StateStore? {
        let folder =
            configuration.state.directory.isEmpty
            ? environment.state : configuration.resolve(configuration.state.directory)
        return folder.map { StateStore(folder: $0, interval: configuration.state.interval) }
    }

    /// The broker's password, from its file or from the unit's credential.
    private func password() throws -> String? {
        let path: String
        if !configuration.broker.passwordFile.isEmpty {
            path = configuration.resolve(configuration.broker.passwordFile)
        } else if let folder = environment.credentials,
            Self.exists("\(folder)/mqtt-password")
        {
            path = "\(folder)/mqtt-password"
        } else {
            return nil
        }
        let text = String(decoding: try Files.read(path), as: UTF8.self)
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }

    private func startControl(_ inbox: Inbox, _ notices: NoticeBoard) -> ControlServer? {
        let path: String
        if !configuration.control.socket.isEmpty {
            path = configuration.resolve(configuration.control.socket)
        } else if let folder = environment.runtime {
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

    /// Reads the configuration again and hands it to the pipeline, or says why not.
    private func reload(_ inbox: Inbox, _ notices: NoticeBoard, _ service: ServiceManager) {
        service.reloading()
        do {
            let next = try reread()
            let setup = try Setup(next)
            let keys = configuration.startOnlyDifferences(from: next)
            if !keys.isEmpty { notices.post(.needsRestart(keys: keys.joined(separator: ", "))) }
            inbox.put(.reload(setup.intake, next.alerts, PublishingPolicy(next.output)))
        } catch {
            notices.post(.reloadRefused(reason: "\(error)"))
            service.ready(status: "configuration not reloaded")
        }
    }
}

extension Configuration {
    /// The parts that a reload cannot change and that differ.
    fileprivate func startOnlyDifferences(from other: Configuration) -> [String] {
        var keys: [String] = []
        if broker != other.broker { keys.append("broker") }
        if intake.lateness != other.intake.lateness || intake.devices != other.intake.devices
            || intake.queueBytes != other.intake.queueBytes
        {
            keys.append("intake")
        }
        if state != other.state { keys.append("state") }
        if control != other.control { keys.append("control") }
        if output.prefix != other.output.prefix { keys.append("output.prefix") }
        return keys
    }
}
