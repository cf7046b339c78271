import Glibc
import TocsinCore
import TocsinDaemon
import TocsinThreads

/// The road of a message from the network thread's ring to the ring of scores, in memory that
/// outlives the process or in such that does not.
struct SurvivalLoad: ~Copyable {
    private let devices: Int
    private let together: Int
    private let batch: Int
    private var fleet: Fleet
    private var intake: Intake
    private let inbox: Inbox
    private let posts: ByteRing
    private let memory: StateMemory?
    private var message = ScoreMessage()
    private let topics: [[UInt8]]
    private let topic = Array("tocsin/devices/device-1/score".utf8)
    private var payloads: [[UInt8]] = []
    private var second = 0

    static func make(
        _ model: Model,
        devices: Int,
        together: Int,
        batch: Int,
        survives: Bool
    ) throws -> SurvivalLoad {
        let bytes = 16 << 20
        let memory = survives ? try StateMemory(inbox: bytes, posts: 10 << 20) : nil
        return SurvivalLoad(
            model,
            try TopicTemplate("plant/{device}/state"),
            devices: devices,
            together: together,
            batch: batch,
            memory: memory,
            inbox: try memory.map { try Inbox($0.inbox) } ?? Inbox(bytes: bytes)
        )
    }

    private init(
        _ model: Model,
        _ template: TopicTemplate,
        devices: Int,
        together: Int,
        batch: Int,
        memory: StateMemory?,
        inbox: Inbox
    ) {
        self.devices = devices
        self.together = together
        self.batch = batch
        self.memory = memory
        self.inbox = inbox
        posts = memory?.posts ?? ByteRing(bytes: 10 << 20)
        fleet = Fleet(capacity: devices, region: memory?.region)
        intake = Intake(
            streams: [Stream(name: "json", template: template, decoder: JSONSampleDecoder())],
            assignment: ModelAssignment([ModelAssignment.Rule(model: model)])
        )
        topics = (0..<devices).map { Array("plant/device-\($0)/state".utf8) }
        var random = SeededGenerator(seed: 1)
        for _ in 0..<devices {
            let members = (0..<8).map { c in
                ",\"c\(c)\":\((random.uniform() * 2000 - 1000).rounded() / 1000)"
            }
            payloads.append(Array("{\"time\":0000000000\(members.joined())}".utf8))
        }
    }

    /// One message of each device; returns the processor time of this thread for each, microseconds.
    mutating func run() -> Double {
        second += 1
        let seconds = 1_767_225_600 + second
        let arrival = Timestamp(microseconds: Int64(seconds) * 1_000_000)
        for device in 0..<devices {
            var rest = seconds
            for place in stride(from: 17, through: 8, by: -1) {
                payloads[device][place] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            }
        }
        let begin = threadSeconds()
        var device = 0
        while device < devices {
            let end = min(device + together, devices)
            while device < end {
                let (topic, payload) = (topics[device], payloads[device])
                inbox.put(
                    topic: topic.span,
                    payload: payload.span,
                    arrival: arrival,
                    isRetained: false
                )
                device += 1
            }
            work()
        }
        return (threadSeconds() - begin) / Double(devices) * 1e6
    }

    /// How long it takes to take all devices over into new memory, as after a kill, milliseconds.
    func takeOver(_ model: Model) throws -> Double {
        guard let memory else { return .nan }
        memory.complete()
        let begin = ContinuousClock.now
        guard let left = StateMemory(left: dup(memory.descriptor)) else { return .nan }
        let next = try StateMemory(inbox: 16 << 20, posts: 10 << 20)
        var other = Fleet(capacity: devices, region: next.region)
        var whole = 0
        left.forEachDevice { saved in
            let now = Timestamp(microseconds: 0)
            let name = "json"
            if case .whole = other.adopt(
                saved,
                model: model,
                stream: 0,
                streamName: name,
                now: now
            ) {
                whole += 1
            }
        }
        next.commit(half: 0, shares: ScoreShares())
        let span = ContinuousClock.now - begin
        guard whole == devices else { return .nan }
        return Double(span.components.attoseconds) * 1e-15
            + Double(span.components.seconds) * 1e3
    }

    /// What a shard does, batch by batch, and what the network thread does with its scores.
    private mutating func work() {
        let (posts, topic) = (posts, topic)
        while inbox.drain(
            limit: batch,
            message: { topic, payload, arrival, isRetained in
                do {
                    _ = try intake.take(
                        topic: topic,
                        payload: payload,
                        arrival: arrival,
                        isRetained: isRetained,
                        into: &fleet
                    ) { _ in }
                } catch {
                    fatalError("\(error)")
                }
            },
            oversize: { _, _ in }
        ) > 0 {
            fleet.assess { message.write($0) { _ = posts.put(topic.span, $0) } }
            if let memory {
                memory.commit(half: fleet.half, shares: ScoreShares())
            } else {
                inbox.release()
                posts.show()
            }
            while posts.take({ _, _, _, _ in }) {}
            posts.release()
        }
    }
}
