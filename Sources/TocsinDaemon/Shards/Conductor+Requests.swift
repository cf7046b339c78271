import TocsinCore
import TocsinMQTT
import TocsinSystemd

// What others want of the conductor, and what they are told.

extension Conductor {
    mutating func reload(_ next: Reloader.Outcome) {
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
    func endReload(news: String = "") {
        ask(.line(isReady: connection.wasReady, news: news))
    }

    func ask(_ purpose: Survey.Purpose) {
        let survey = Survey(purpose, shards: shards.count, to: mailbox)
        for shard in shards { shard.inbox.put(.survey(survey)) }
    }

    /// What all shards have answered is told to whoever wanted it.
    mutating func tell(
        _ purpose: Survey.Purpose,
        _ figures: ShardFigures,
        _ devices: [[UInt8]]
    ) {
        var figures = figures
        figures.redelivered = router.redelivered
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

    /// Begins to write all state to the disk; `nil` if there is no place for it.
    mutating func beginSaving() -> StateWriting? {
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

    mutating func noteSaved(_ reason: String?) {
        isSaving = false
        if let reason { notices.post(.stateNotSaved(reason: reason)) }
    }
}
