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
    /// What was counted before the last reload.
    private var earlier = IntakeCounters()
    private var isStopping = false
    private var lastStatus = ""

    init(
        fleet: consuming Fleet,
        intake: Intake,
        output: consuming MQTTSink,
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
            work()
            for event in inbox.takeControls() { handle(event) }
            handleTime()
            if !isStopping { inbox.wait(timers.untilNext(.now)) }
        }
        finish()
    }

    /// Takes everything out of the ring, and judges what is complete.
    private mutating func work() {
        drain()
        fleet.assess { output.take($0) }
    }

    /// Ends the connection first and saves last: what the broker handed over before the goodbye is
    /// scored, and what it acknowledged until then is not delivered again after the next start.
    private mutating func finish() {
        service.stopping()
        notices.post(.stopping)
        work()
        // The will speaks only for a daemon that is gone without a word; this one says goodbye.
        output.publishStatus("offline")
        client.stop(within: .seconds(5))
        work()
        save()
    }

    private mutating func drain() {
        inbox.drain { topic, payload, arrival, isRetained in
            take(topic, payload, arrival, isRetained)
        } oversize: { topic, bytes in
            earlier.messages += 1
            earlier.rejected += 1
            skip(topic, .tooLarge(bytes: bytes))
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
                if fleet.count >= fleet.capacity {
                    notices.post(.tooManyDevices(limit: fleet.capacity))
                } else if isNews {
                    notices.post(.deviceWithoutModel(device: device))
                }
            case .unknownChannel(let device, let channel):
                notices.post(.unknownChannel(device: device, channel: channel))
            }
        } catch {
            skip(topic, error)
        }
    }

    private func skip(_ topic: Span<UInt8>, _ reason: SampleDecodingError) {
        notices.post(.messageSkipped(topic: topic.readable, reason: "\(reason)"))
    }

    private mutating func handle(_ event: MQTTEvent) {
        output.settle(event)
        switch event {
        case .connected(let sessionPresent, let version):
            connection.isUp = true
            connection.reported = nil
            notices.post(
                .connected(
                    address: connection.address(client),
                    version: "\(version)",
                    sessionPresent: sessionPresent
                )
            )
        case .subscribed(let filters):
            if filters.isEmpty {
                say("the broker refuses every stream")
            } else {
                announce()
            }
        case .filterRefused(let filter, let error):
            notices.post(.filterRefused(filter: filter, reason: "\(error)"))
        case .disconnected(let error, _):
            if connection.isNews(error) {
                notices.post(
                    .disconnected(address: connection.address(client), reason: "\(error)")
                )
                connection.reported = error
            }
            connection.isUp = false
            say("no connection to the broker: \(error)")
        case .published, .publishFailed:
            break
        }
    }

    /// Says that the daemon is there, once everything is subscribed.
    private mutating func announce() {
        output.publishStatus("online")
        output.send()
        guard !connection.wasReady else {
            say(statusLine)
            return
        }
        connection.wasReady = true
        sayReady(statusLine)
        notices.post(
            .started(devices: fleet.count, models: intake.assignment.rules.count)
        )
    }

    private mutating func handle(_ event: Event) {
        switch event {
        case .reload(let outcome):
            reload(outcome)
        case .reloadRefused(let reason):
            notices.post(.reloadRefused(reason: reason))
            endReload("configuration not reloaded; \(statusLine)")
        case .request(let request, let reply):
            reply.give(report.answer(request))
        case .stop:
            isStopping = true
        }
    }

    private mutating func reload(_ next: Reloader.Outcome) {
        let before = fleet.count
        let names = intake.streams.map(\.name)
        let kept = fleet.reload(
            names: names,
            intake: next.intake,
            policies: next.policies,
            now: clock.now()
        ) { output.take($0) }
        earlier = counters
        intake = next.intake
        output.policy = next.publishing
        client.setSubscriptions(next.intake.subscriptions)
        if !next.waiting.isEmpty {
            notices.post(.needsRestart(keys: next.waiting.joined(separator: ", ")))
        }
        notices.post(.reloaded(kept: kept, reset: before - kept))
        endReload(statusLine)
    }

    /// Changes the line of `systemctl status`, if it is another one.
    private mutating func say(_ status: String) {
        guard status != lastStatus else { return }
        lastStatus = status
        service.status(status)
    }

    private mutating func sayReady(_ status: String) {
        lastStatus = status
        service.ready(status: status)
    }

    /// Readiness ends a reload; but a daemon that was never subscribed is not ready.
    private mutating func endReload(_ status: String) {
        if connection.wasReady { sayReady(status) } else { say(status) }
    }

    private var counters: IntakeCounters { earlier + intake.counters }

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
                say(statusLine)
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
            devices: fleet.devices,
            policies: fleet.policies,
            counted: fleet.counters,
            intake: counters,
            streams: intake.streams.map(\.name),
            overflow: inbox.overflow,
            outputDropped: output.dropped,
            scoresThinned: output.thinned,
            outbox: output.outbox.letters.count,
            alertsLost: output.outbox.lost,
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
