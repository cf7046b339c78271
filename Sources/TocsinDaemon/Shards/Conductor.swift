import Synchronization
import TocsinCore
import TocsinMQTT
import TocsinSystemd
import TocsinThreads

/// Speaks for all shards: to the broker about the daemon itself, to systemd, to whoever asks.
///
/// It sees no message of a device. It runs on a thread of its own, which sleeps most of the time.
struct Conductor: ~Copyable {
    private let shards: [ShardHandle]
    private let router: Router
    private let mailbox: Mailbox<Event>
    private let client: MQTTClient
    private let notices: NoticeBoard
    private let service: ServiceManager
    private let store: StateStore?
    private var clock: WallClock
    private var policy: PublishingPolicy
    private var subscriptions: [MQTTSubscription]
    private var models: Int

    private var connection = Connection()
    private var droppedWatch = DroppedWatch()
    private var echo: EchoWatch
    /// What is subscribed to besides the streams.
    private var side: SideSubscriptions
    private var deafWatch = DeafWatch()
    /// How long the fleet may be silent as a whole, as of so many live messages.
    private var patience: (messages: Int, limit: Duration?)?
    private var timers: Timers
    private var rounds: [UInt64]
    private var isStopping = false
    private var isSaving = false
    private var lastStatus = ""
    private var refused = 0

    init(
        shards: [ShardHandle],
        router: Router,
        mailbox: Mailbox<Event>,
        client: MQTTClient,
        notices: NoticeBoard,
        service: ServiceManager,
        store: StateStore?,
        clock: WallClock,
        policy: PublishingPolicy,
        intake: Intake,
        echo: EchoWatch
    ) {
        self.shards = shards
        self.router = router
        self.mailbox = mailbox
        self.client = client
        self.notices = notices
        self.service = service
        self.store = store
        self.clock = clock
        self.policy = policy
        self.echo = echo
        side = SideSubscriptions([DroppedWatch.subscription] + echo.subscriptions)
        subscriptions = intake.subscriptions
        models = intake.assignment.rules.count
        timers = Timers(watchdog: service.watchdogInterval, start: .now)
        rounds = Array(repeating: .max, count: shards.count)
    }

    /// Runs until it is told to stop, and all shards have ended.
    consuming func run() {
        while !isStopping {
            for event in mailbox.take() { handle(event) }
            handleTime()
            if !isStopping { mailbox.wait(timers.untilNext(.now)) }
        }
        finish()
    }

    /// Ends the connection first and saves last: what the broker handed over before the goodbye is
    /// scored, and what it acknowledged until then is not delivered again after the next start.
    private mutating func finish() {
        service.stopping()
        notices.post(.stopping)
        // The will speaks only for a daemon that is gone without a word; this one says goodbye.
        publishStatus("offline")
        client.stop(within: .seconds(5))
        waitForSaving()
        let job = beginSaving()
        for shard in shards { shard.inbox.put(.stop(job)) }
        for shard in shards { _ = shard.finished.wait(.seconds(10)) }
        if job != nil { waitForSaving() }
    }

    private mutating func waitForSaving() {
        let deadline = ContinuousClock.now + .seconds(10)
        while isSaving, ContinuousClock.now < deadline {
            mailbox.wait(.milliseconds(100))
            for event in mailbox.take() {
                if case .saved(let reason) = event { noteSaved(reason) }
            }
        }
    }

    private mutating func handle(_ event: Event) {
        switch event {
        case .connection(let event): handle(event)
        case .brokerDropped(let payload, let isRetained):
            if droppedWatch.take(payload.span, isRetained: isRetained) {
                notices.post(.brokerDropped(messages: droppedWatch.total))
            }
        case .reload(let next): reload(next)
        case .reloadRefused(let reason):
            notices.post(.reloadRefused(reason: reason))
            endReload(news: "configuration not reloaded: \(reason); ")
        case .reloaded(let kept, let reset):
            notices.post(.reloaded(kept: kept, reset: reset))
            endReload()
        case .request(.status, let reply): ask(.status(reply))
        case .request(.inspect(let device), let reply):
            let name = Array(device.utf8)
            let shard = part(of: name.span, among: shards.count)
            shards[shard].inbox.put(.inspect(device: device, reply))
        case .surveyed(let purpose, let figures, let devices): tell(purpose, figures, devices)
        case .saved(let reason): noteSaved(reason)
        case .stop: isStopping = true
        }
    }

    private mutating func handle(_ event: MQTTEvent) {
        let isOwn = side.isOwn(event)
        if side.settle(event) { client.setSubscriptions(subscriptions + side.subscriptions) }
        defer { if let step = echo.settle(event, isAnswered: side.isAnswered) { take(step) } }
        guard !isOwn else { return }
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
            if filters.allSatisfy(side.contains) {
                say("the broker refuses every stream")
            } else {
                publishStatus("online")
                ask(.line(isReady: !connection.wasReady))
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
        case .publishFailed(_, .refused(let error)):
            notices.post(.publishRefused(reason: "\(error)"))
        case .published, .publishFailed:
            break
        }
    }

    /// What is due by the clock: watchdog, health, the state on disk.
    private mutating func handleTime() {
        let now = ContinuousClock.now
        guard timers.isTick(now) else { return }
        renewIfDeaf(now)
        if let step = echo.tick(now) { take(step) }
        // The shards each do what follows from it.
        if let step = clock.follow(), step.magnitude >= .seconds(1) {
            notices.post(.clockSet(by: step))
        }
        if timers.isWatchdog(now), makesProgress() { service.pingWatchdog() }
        if timers.isHealth(now, every: policy.healthInterval), connection.isUp { ask(.health) }
        if let store, timers.isSave(now, every: store.interval), !isSaving {
            let job = beginSaving()
            if let job { for shard in shards { shard.inbox.put(.save(job)) } }
        }
    }

    /// Tells the shards what is known, or about to be, of alerts in doubt.
    private mutating func take(_ step: EchoWatch.Step) {
        for shard in shards { shard.inbox.put(.echo(step)) }
        guard case .say(let word) = step else { return }
        publish(echo.topic, String(word, radix: 16), isRetained: false)
    }

    /// Connects anew if nothing arrives although it should.
    private mutating func renewIfDeaf(_ now: ContinuousClock.Instant) {
        let messages = router.liveMessages
        if let known = patience, known.messages != messages { patience = nil }
        var watch = deafWatch
        var isAsked = false
        let limit = patience?.limit
        let isDeaf = watch.mustRenew(messages: messages, isUp: connection.isUp, now: now) {
            isAsked = true
            return limit
        }
        deafWatch = watch
        // The shards know; the next look has their answer.
        if isAsked, patience == nil {
            patience = (messages, nil)
            ask(.patience)
        }
        guard isDeaf else { return }
        notices.post(.deaf(address: connection.address(client)))
        client.renew()
    }

    /// Whether the network thread and every shard did something since the last question.
    private mutating func makesProgress() -> Bool {
        var areAlive = connection.makesProgress(client.statistics)
        for i in shards.indices {
            let now = shards[i].rounds.load(ordering: .relaxed)
            if now == rounds[i] { areAlive = false }
            rounds[i] = now
        }
        return areAlive
    }
}

extension Conductor {
    private mutating func reload(_ next: Reloader.Outcome) {
        policy = next.publishing
        subscriptions = next.intake.subscriptions
        models = next.intake.assignment.rules.count
        // Messages of a new stream go the right way before anybody reads them.
        router.change(to: next.intake)
        let tally = Tally(shards: shards.count, to: mailbox)
        for shard in shards { shard.inbox.put(.reload(next, tally)) }
        client.setSubscriptions(subscriptions + side.subscriptions)
        if !next.waiting.isEmpty {
            notices.post(.needsRestart(keys: next.waiting.joined(separator: ", ")))
        }
    }

    /// Readiness ends a reload; but a daemon that was never subscribed is not ready.
    private func endReload(news: String = "") {
        ask(.line(isReady: connection.wasReady, news: news))
    }

    private func ask(_ purpose: Survey.Purpose) {
        let survey = Survey(purpose, shards: shards.count, to: mailbox)
        for shard in shards { shard.inbox.put(.survey(survey)) }
    }

    /// What all shards have answered is told to whoever wanted it.
    private mutating func tell(
        _ purpose: Survey.Purpose,
        _ figures: ShardFigures,
        _ devices: [[UInt8]]
    ) {
        var figures = figures
        figures.outputDropped += refused + Int(client.statistics.lostPosts)
        let report = StatusReport(
            figures: figures,
            isConnected: connection.isUp,
            uptime: .now - timers.start,
            now: clock.now()
        )
        switch purpose {
        case .line(let isReady, let news):
            let line = news + report.line
            guard isReady else { return say(line) }
            lastStatus = line
            service.ready(status: line)
            guard !connection.wasReady else { return }
            connection.wasReady = true
            notices.post(.started(devices: figures.devices, models: models))
        case .health:
            publish("\(policy.prefix)/health", report.health())
            say(report.line)
        case .patience:
            patience?.limit = figures.patience
        case .status(let reply):
            reply.give(report.status(devices: devices))
        }
    }

    /// Changes the line of `systemctl status`, if it is another one.
    private mutating func say(_ status: String) {
        guard status != lastStatus else { return }
        lastStatus = status
        service.status(status)
    }

    /// Publishes the daemon's own presence, retained.
    private mutating func publishStatus(_ status: String) {
        publish("\(policy.prefix)/status", status, isRetained: true)
    }

    /// Publishes something that is said anew on the next connection.
    private mutating func publish(_ topic: String, _ text: String, isRetained: Bool) {
        do {
            _ = try client.publish(
                topic: topic,
                payload: Array(text.utf8),
                isRetained: isRetained,
                isRepeated: false,
                owner: shards.count
            )
        } catch {
            refused += 1
        }
    }

    private mutating func publish(_ topic: String, _ payload: [UInt8]) {
        do {
            try client.post(try MQTTTopic(topic), payload.span, ring: shards.count)
        } catch {
            refused += 1
        }
    }

    /// Begins to write all state to the disk; `nil` if there is no place for it.
    private mutating func beginSaving() -> StateWriting? {
        guard let store else { return nil }
        do {
            let mailbox = mailbox
            let job = try StateWriting(store, shards: shards.count) { error in
                mailbox.put(.saved(reason: error.map { "\($0)" }))
            }
            isSaving = true
            return job
        } catch {
            notices.post(.stateNotSaved(reason: "\(error)"))
            return nil
        }
    }

    private mutating func noteSaved(_ reason: String?) {
        isSaving = false
        if let reason { notices.post(.stateNotSaved(reason: reason)) }
    }
}
