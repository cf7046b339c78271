import Synchronization
import TocsinCore
import TocsinMQTT
import TocsinThreads

/// The one owner of the detector state of a part of all devices.
///
/// Which part a device belongs to follows from its name. Whatever may change a detector arrives here
/// through the ``Inbox``, in order. Nothing else reaches the fleet, so nothing needs a lock. It runs
/// on a thread of its own.
///
/// Work is done in batches, each finished by ``StateMemory/commit(half:shares:)``: a process that is
/// killed at any time leaves what the last finished batch left.
struct Shard: ~Copyable {
    let number: Int
    var fleet: Fleet
    var intake: Intake
    var output: MQTTSink
    let handle: ShardHandle
    let memory: StateMemory
    let client: MQTTClient
    let notices: NoticeBoard
    var clock: WallClock

    var timers = Timers(watchdog: nil, start: .now)
    var reportedOverflow = 0
    /// What was counted before the last reload.
    var earlier = IntakeCounters()
    var writing: (job: StateWriting, next: Int)?
    var isStopping = false

    /// So many messages make a batch: enough for two tiles of devices, few enough for their saved
    /// records to stay in the cache.
    static let batch = 48
    /// So many devices are encoded between two looks at the inbox.
    static let saved = 32

    init(
        number: Int,
        fleet: consuming Fleet,
        intake: Intake,
        output: consuming MQTTSink,
        handle: ShardHandle,
        memory: StateMemory,
        client: MQTTClient,
        notices: NoticeBoard,
        clock: WallClock
    ) {
        self.number = number
        self.fleet = fleet
        self.intake = intake
        self.output = output
        self.handle = handle
        self.memory = memory
        self.client = client
        self.notices = notices
        self.clock = clock
    }

    /// Runs until it is told to stop; then finishes what it holds and saves it.
    consuming func run() {
        while !isStopping {
            work()
            for event in handle.inbox.takeControls() { handle(event) }
            output.resolve()
            handleTime()
            save()
            handle.rounds.add(1, ordering: .relaxed)
            if !isStopping {
                let isSaving = writing != nil
                handle.inbox.wait(isSaving ? .milliseconds(2) : timers.untilNext(.now))
            }
        }
        handle.finished.signal()
    }

    /// Takes in what waits, and judges what is complete, a batch at a time.
    ///
    /// Not for ever: a flood must not keep the clock from being looked at.
    mutating func work(batches: Int = 256) {
        for _ in 0..<batches {
            let count = drain(limit: Self.batch)
            guard count > 0 else { break }
            fleet.assess { output.take($0) }
            commit()
            if count < Self.batch { break }
        }
        output.send()
        let overflow = handle.inbox.overflow
        if overflow > reportedOverflow {
            reportedOverflow = overflow
            notices.post(.queueOverflow(messages: overflow))
        }
    }

    mutating func drain(limit: Int) -> Int {
        handle.inbox.drain(limit: limit) { topic, payload, arrival, isRetained in
            take(topic, payload, clock.time(of: arrival), isRetained)
        } oversize: { topic, bytes in
            earlier.messages += 1
            earlier.rejected += 1
            skip(topic, .tooLarge(bytes: bytes))
        } echo: { topic, payload in
            output.hear(topic, payload)
        }
    }

    mutating func take(
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
            for left in fleet.takeReplaced() { output.forget(left) }
            switch outcome {
            case .taken:
                break
            case .unwatched(let device, let isNews):
                if fleet.isFull {
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

    func skip(_ topic: Span<UInt8>, _ reason: SampleDecodingError) {
        notices.post(.messageSkipped(topic: topic.readable, reason: "\(reason)"))
    }

    /// Finishes a batch, and lets out what it wrote.
    mutating func commit() {
        memory.commit(half: fleet.half, shares: output.shares)
        client.sendPosts()
    }

    /// What is due by the clock: silence, states.
    mutating func handleTime() {
        let now = ContinuousClock.now
        guard timers.isTick(now) else { return }
        if let step = clock.follow() {
            inPieces { shard, devices in shard.fleet.clockWasSet(by: step, devices: devices) }
            fleet.findLatest()
        }
        let time = clock.now()
        inPieces { shard, devices in
            shard.fleet.tick(time, devices: devices) { shard.output.take($0) }
        }
        let interval = output.policy.stateInterval
        if interval > .zero, timers.isState(now, every: interval) {
            inPieces { shard, devices in
                let report = shard.report
                for device in devices {
                    guard let monitor = shard.fleet.device(device) else { continue }
                    shard.output.publish(state: report.state(of: monitor), of: monitor.name)
                }
            }
        }
        output.send()
    }

    /// Does something with all devices, a batch at a time.
    mutating func inPieces(_ body: (inout Shard, Range<Int>) -> Void) {
        var start = 0
        while start < fleet.numbers {
            let end = min(start + Self.batch, fleet.numbers)
            body(&self, start..<end)
            commit()
            start = end
        }
    }

    var report: DeviceReport {
        DeviceReport(
            policies: fleet.policies,
            streams: intake.streams.map(\.name),
            now: clock.now()
        )
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
