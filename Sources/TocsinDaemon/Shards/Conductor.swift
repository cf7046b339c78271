import Synchronization
import TocsinCore
import TocsinMQTT
import TocsinSystemd
import TocsinThreads

/// Speaks for all shards: to the broker about the daemon itself, to systemd, to whoever asks.
///
/// It sees no message of a device. It runs on a thread of its own, which sleeps most of the time.
struct Conductor: ~Copyable {
    let shards: [ShardHandle]
    let router: Router
    let mailbox: Mailbox<Event>
    let client: MQTTClient
    let notices: NoticeBoard
    let service: ServiceManager
    let store: StateStore?
    var clock: WallClock
    var policy: PublishingPolicy
    var subscriptions: [MQTTSubscription]
    var models: Int

    var connection = Connection()
    var droppedWatch = DroppedWatch()
    var echo: EchoWatch
    /// What is subscribed to besides the streams.
    var side: SideSubscriptions
    var deafWatch = DeafWatch()
    /// How long the fleet may be silent as a whole, as of so many live messages.
    var patience: (messages: Int, limit: Duration?)?
    var timers: Timers
    var rounds: [UInt64]
    var isStopping = false
    var isSaving = false
    var lastStatus = ""
    var refused = 0

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
    mutating func finish() {
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

    mutating func waitForSaving() {
        let deadline = ContinuousClock.now + .seconds(10)
        while isSaving, ContinuousClock.now < deadline {
            mailbox.wait(.milliseconds(100))
            for event in mailbox.take() {
                if case .saved(let reason) = event { noteSaved(reason) }
            }
        }
    }

    mutating func handle(_ event: Event) {
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

    /// What is due by the clock: watchdog, health, the state on disk.
    mutating func handleTime() {
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

    /// Whether the network thread and every shard did something since the last question.
    mutating func makesProgress() -> Bool {
        var areAlive = connection.makesProgress(client.statistics)
        for i in shards.indices {
            let now = shards[i].rounds.load(ordering: .relaxed)
            if now == rounds[i] { areAlive = false }
            rounds[i] = now
        }
        return areAlive
    }
}
