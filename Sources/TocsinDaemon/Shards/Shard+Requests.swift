import TocsinCore
import TocsinMQTT
import TocsinThreads

// What others want of a shard.

extension Shard {
    mutating func handle(_ event: ShardEvent) {
        switch event {
        case .reload(let next, let tally):
            reload(next, tally)
        case .inspect(let name, let reply):
            guard let device = fleet.find(name), let monitor = fleet.device(device) else {
                var json = JSONWriter()
                json.object { json in json.member("error", "unknown device '\(name)'") }
                return reply.give(json.bytes)
            }
            reply.give(report.state(of: monitor))
        case .survey(let survey):
            let report = report
            survey.answer(
                figures,
                shard: number,
                devices: survey.wantsDevices ? fleet.devices.map { report.entry(of: $0) } : []
            )
        case .settled(let token, let failure):
            output.settle(token, failure)
        case .echo(let step):
            output.take(step)
        case .save(let job):
            if writing == nil { writing = (job, 0) } else { job.abandon() }
        case .stop(let job):
            stop(job)
        }
    }

    mutating func stop(_ job: StateWriting?) {
        isStopping = true
        // Nothing is put in any more.
        work(batches: .max)
        // What was begun is overtaken by what follows.
        if let unfinished = writing { unfinished.job.abandon() }
        writing = nil
        guard let job else { return }
        writing = (job, 0)
        while writing != nil {
            save()
            if !job.isHungry { DedicatedThread.sleep(.milliseconds(1)) }
        }
    }

    mutating func reload(_ next: Reloader.Outcome, _ tally: Tally) {
        work()
        let before = fleet.count
        let names = intake.streams.map(\.name)
        let unused = fleet.half
        memory.clear(half: 1 - unused)
        let kept = fleet.reload(
            names: names,
            intake: next.intake,
            policies: next.policies,
            now: clock.now()
        ) { output.take($0) }
        earlier = earlier + intake.counters
        let part = intake.part
        intake = next.intake
        intake.part = part
        output.policy = next.publishing
        output.policy.share(among: part.count)
        for monitor in fleet.devices { output.resume(monitor.published) }
        commit()
        if fleet.half != unused { memory.clear(half: unused) }
        // Devices have other numbers now; what is written twice does no harm.
        if let (job, _) = writing { writing = (job, 0) }
        output.send()
        tally.add(kept: kept, reset: before - kept)
    }

    private var figures: ShardFigures {
        let devices = fleet.devices
        return ShardFigures(
            devices: devices.count,
            raised: devices.reduce(0) { $0 + $1.raisedKinds.count },
            latest: devices.compactMap(\.latest).max(),
            counted: fleet.counters,
            intake: earlier + intake.counters,
            overflow: handle.inbox.overflow,
            outputDropped: output.refused,
            scoresThinned: output.thinned,
            outbox: output.outbox.count,
            alertsLost: output.outbox.lost,
            patience: DeafWatch.patience(of: devices, fleet.policies),
            queueFill: handle.inbox.fill
        )
    }

    /// Encodes some of the devices for the disk, if that is under way.
    mutating func save() {
        guard let (job, first) = writing, job.isHungry else { return }
        var bytes: [UInt8] = []
        let end = min(first + Self.saved, fleet.numbers)
        for number in first..<max(first, end) {
            guard let monitor = fleet.device(number) else { continue }
            Checkpoint.append(monitor, stream: intake.streams[monitor.stream].name, to: &bytes)
        }
        writing = (job, end)
        if end >= fleet.numbers {
            for letter in output.outbox.letters { Checkpoint.append(letter, to: &bytes) }
            writing = nil
        }
        job.append(bytes)
        if writing == nil { job.finish() }
    }
}
