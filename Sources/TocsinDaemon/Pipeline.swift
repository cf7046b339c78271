import TocsinCore
import TocsinMQTT
import TocsinSystemd

/// The one owner of detector state.
///
/// Whatever may change a detector arrives here through the ``Inbox``, in order. Nothing else reaches
/// the fleet, so nothing needs a lock. It runs on a thread of its own.
struct Pipeline: ~Copyable {
    private var fleet: Fleet
    private var intake: Intake
    private var output: MQTTSink
    private let inbox: Inbox
    private let client: MQTTClient
    private let notices: NoticeBoard
    private let service: ServiceManager
    private let store: StateStore?
    private let clock: WallClock

    private var connection = Connection()
    private var timers: Timers
    private var reportedOverflow = 0
    private var isStopping = false

    init(
        fleet: Fleet,
        intake: Intake,
        output: MQTTSink,
        inbox: Inbox,
        client: MQTTClient,
        notices: NoticeBoard,
        service: ServiceManager,
        store: StateStore?,
        clock: WallClock
    ) {
        self.fleet = fleet
        self.intake = intake
        self.output = output
        self.inbox = inbox
        self.client = client
        self.notices = notices
        self.service = service
        self.store = store
        self.clock = clock
        timers = Timers(watchdog: service.watchdogInterval, start: .now)
    }

    /// Runs until it is told to stop; then finishes what it holds and saves it.
    consuming func run() {
        restore()
        while !isStopping {
            drain()
            fleet.assess { output.take($0) }
            for event in inbox.takeControls() { handle(event) }
            handleTime()
            if !isStopping { inbox.wait(timers.untilNext(.now)) }
        }
        drain()
        fleet.assess { output.take($0) }
        save()
    }

    /// Takes everything out of the ring.
    private mutating func drain() {
        inbox.drain { topic, payload, arrival, isRetained in
            take(topic, payload, arrival, isRetained)
        } event: { event in
            handle(event)
        }
        let overflow = inbox.overflow
        if overflow > reportedOverflow {
            reportedOverflow = overflow
            notices.post(.queueOverflow(messages: overflow))
        }
    }

    private mutating func take(
        _ topic: Span<UInt8>,
        _ payload: Span<UInt8>,
        _ arrival: Timestamp,
        _ isRetained: Bool
    ) {
        do {
            let outcome = try intake.take(
                topic: topic,
                payload: payload,
                arrival: arrival,
                isRetained: isRetained,
                into: &fleet
            ) { output.take($0) }
            switch outcome {
            case .taken:
                break
            case .unwatched(let device, let isNews):
                if fleet.devices.count >= fleet.capacity {
                    notices.post(.tooManyDevices(limit: fleet.capacity))
                } else if isNews {
                    notices.post(.deviceWithoutModel(device: device))
                }
            case .unknownChannel(let device, let channel):
                notices.post(.unknownChannel(device: device, channel: channel))
            }
        } catch {
            notices.post(.messageSkipped(topic: topic.readable, reason: "\(error)"))
        }
    }

    private mutating func handle(_ event: MQTTEvent) {
        output.settle(event)
        switch event {
        case .connected(let sessionPresent, let version):
            connection.isUp = true
            notices.post(
                .connected(
                    address: connection.address(client),
                    version: "\(version)",
                    sessionPresent: sessionPresent
                )
            )
        case .subscribed:
            announce()
        case .filterRefused(let filter, let error):
            notices.post(.filterRefused(filter: filter, reason: "\(error)"))
        case .disconnected(let error, _):
            if connection.isUp || !connection.wasReported {
                notices.post(
                    .disconnected(address: connection.address(client), reason: "\(error)")
                )
            }
            connection.isUp = false
            connection.wasReported = true
            service.status("no connection to the broker: \(error)")
        case .published, .publishFailed:
            break
        }
    }

    /// Says that the daemon is there, once everything is subscribed.
    private mutating func announce() {
        do {
            try output.publishStatus("online")
        } catch {
            notices.post(.outputDropped(reason: "\(error)", total: output.dropped))
        }
        output.send()
        guard !connection.wasReady else { return }
        connection.wasReady = true
        service.ready(status: statusLine)
        notices.post(
            .started(devices: fleet.devices.count, models: intake.assignment.rules.count)
        )
    }

    private mutating func handle(_ event: Event) {
        switch event {
        case .connection(let event):
            handle(event)
        case .reload(let intake, let policies, let policy):
            reload(intake, policies, policy)
        case .request(let request, let reply):
            reply.give(report.answer(request))
        case .stop:
            isStopping = true
        }
    }

    private mutating func reload(
        _ next: Intake,
        _ policies: AlertPolicies,
        _ policy: PublishingPolicy
    ) {
        let before = fleet.devices.count
        let names = intake.streams.map(\.name)
        let (reloaded, kept) = fleet.reloaded(names: names, intake: next, policies: policies)
        fleet = reloaded
        intake = next
        output.policy = policy
        client.setSubscriptions(next.streams.map { MQTTSubscription($0.template.filter) })
        notices.post(.reloaded(kept: kept, reset: before - kept))
        service.ready(status: statusLine)
    }

    /// What is due by the clock: silence, watchdog, health, state.
    private mutating func handleTime() {
        let now = ContinuousClock.now
        guard timers.isTick(now) else { return }
        fleet.tick(clock.now()) { output.take($0) }
        output.send()
        if timers.isWatchdog(now), connection.makesProgress(client.statistics) {
            service.pingWatchdog()
        }
        if timers.isHealth(now, every: output.policy.healthInterval) {
            if connection.isUp {
                output.publish("\(output.policy.prefix)/health", report.health())
                service.status(statusLine)
            }
        }
        if output.policy.stateInterval > .zero,
            timers.isState(now, every: output.policy.stateInterval), connection.isUp
        {
            for monitor in fleet.devices {
                output.publish(
                    "\(output.policy.prefix)/devices/\(monitor.name)/state",
                    report.state(of: monitor)
                )
            }
        }
        if let store, timers.isSave(now, every: store.interval) { save() }
    }

    private var report: StatusReport {
        StatusReport(
            fleet: fleet,
            intake: intake.counters,
            streams: intake.streams.map(\.name),
            statistics: client.statistics,
            overflow: inbox.overflow,
            outputDropped: output.dropped,
            outbox: output.outbox.letters.count,
            queueFill: inbox.fill,
            isConnected: connection.isUp,
            uptime: .now - timers.start,
            now: clock.now()
        )
    }

    private var statusLine: String { report.line }

    private mutating func restore() {
        guard let store else { return }
        do {
            guard let checkpoint = try store.load() else { return }
            let (restored, refused) = checkpoint.restore(
                into: &fleet,
                intake: intake,
                now: clock.now()
            )
            output.resume(checkpoint.letters)
            notices.post(.stateRestored(devices: restored, refused: refused))
        } catch {
            notices.post(.stateUnusable(reason: "\(error)"))
        }
    }

    private func save() {
        guard let store else { return }
        let checkpoint = Checkpoint(
            fleet: fleet,
            streams: intake.streams.map(\.name),
            outbox: output.outbox
        )
        do {
            try store.save(checkpoint)
        } catch {
            notices.post(.stateNotSaved(reason: "\(error)"))
        }
    }
}

/// What the pipeline knows of the connection.
private struct Connection {
    var isUp = false
    var wasReported = false
    var wasReady = false
    private var lastProgress: UInt64 = .max

    /// Whether the network thread did something since the last question, or is provably busy with a
    /// call that nothing can interrupt.
    mutating func makesProgress(_ statistics: MQTTStatistics) -> Bool {
        defer { lastProgress = statistics.progress }
        return statistics.progress != lastProgress || statistics.activity == .connecting
    }

    func address(_ client: MQTTClient) -> String { "\(client.address)" }
}

extension Span<UInt8> {
    /// As text of at most 200 bytes, for people; what is no UTF-8 shows as U+FFFD.
    fileprivate var readable: String {
        var bytes: [UInt8] = []
        for i in 0..<Swift.min(count, 200) { bytes.append(self[i]) }
        let text = String(decoding: bytes, as: UTF8.self)
        return String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "\u{FFFD}" : $0 }
            )
        )
    }
}
