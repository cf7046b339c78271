import TocsinCore
import TocsinMQTT

/// Publishes what happens to one shard's devices: scores at QoS 0, alerts at QoS 1 out of an
/// ``Outbox``.
///
/// Nothing leaves before its batch is finished: scores when they are shown, alerts by ``send()``.
struct MQTTSink: ~Copyable {
    private let client: MQTTClient
    private let notices: NoticeBoard
    /// Which of the client's rings is this sink's.
    private let ring: Int
    /// What is published, and how often.
    var policy: PublishingPolicy {
        didSet {
            topics.removeAll()
            message.removeAll()
            gate = ScoreGate(policy.scores)
        }
    }
    private(set) var outbox: Outbox
    /// Messages that the client would not take.
    private(set) var refused = 0

    private var json = JSONWriter()
    private var message = ScoreMessage()
    /// Each device's score topic, by the device's number; `nil` before its first score.
    private var topics: [MQTTTopic?] = []
    private var gate: ScoreGate
    private let echo: EchoWatch.Topics

    init(
        client: MQTTClient,
        notices: NoticeBoard,
        policy: PublishingPolicy,
        ring: Int = 0,
        outbox: Outbox = Outbox()
    ) {
        self.client = client
        self.notices = notices
        self.policy = policy
        self.ring = ring
        self.outbox = outbox
        gate = ScoreGate(policy.scores)
        echo = EchoWatch.Topics(prefix: policy.prefix)
    }

    /// Scores that were left out for the sake of ``ScorePolicy/perSecond``.
    var thinned: Int { gate.thinned }

    /// What the devices want together, to go on with.
    var shares: ScoreShares {
        get { gate.shares }
        set { gate.shares = newValue }
    }

    mutating func take(_ assessment: borrowing Assessment) {
        if assessment.isOfFrame { publishScore(assessment) }
        for alert in assessment.alerts { publish(alert) }
        if assessment.isAfterGap { notices.post(.stateReset(device: assessment.name)) }
    }

    private mutating func publishScore(_ assessment: borrowing Assessment) {
        let device = assessment.device
        guard
            gate.passes(
                device: device,
                memory: &assessment.published,
                time: assessment.time,
                score: assessment.score?.value,
                novelty: assessment.score?.novelty
            )
        else { return }
        while topics.count <= device { topics.append(nil) }
        if topics[device] == nil {
            topics[device] = try? MQTTTopic(
                "\(policy.prefix)/devices/\(assessment.name)/score"
            )
        }
        guard let topic = topics[device] else { return }
        let client = client
        let ring = ring
        let refusal = message.write(assessment) { payload -> MQTTPublishRefusal? in
            do throws(MQTTPublishRefusal) {
                try client.post(topic, payload, ring: ring, isShown: false)
                return nil
            } catch {
                return error
            }
        }
        if let refusal { refuse(refusal) }
    }

    /// Publishes that something is over of a device that nobody judges any more.
    mutating func take(_ end: Alert) { publish(end) }

    /// Publishes how a device is, which is not worth keeping.
    mutating func publish(state: [UInt8], of device: String) {
        do {
            let topic = try MQTTTopic("\(policy.prefix)/devices/\(device)/state")
            try client.post(topic, state.span, ring: ring, isShown: false)
        } catch {
            refuse(error)
        }
    }

    private mutating func refuse(_ refusal: MQTTPublishRefusal) {
        refused += 1
        // That the broker is away was said already.
        guard refusal != .notConnected, refusal != .stopped else { return }
        notices.post(.outputDropped(reason: "\(refusal)", total: refused))
    }

    private mutating func publish(_ alert: Alert) {
        notices.post(Notice(alert))
        json.removeAll()
        json.alert(alert)
        outbox.append(topic: "\(policy.prefix)/alerts", payload: json.bytes, isRetained: false)
        guard !alert.isReminder else { return }
        outbox.append(
            topic: "\(policy.prefix)/devices/\(alert.device)/alert/\(alert.kind.name)",
            payload: json.bytes,
            isRetained: true
        )
    }

    /// What the client says of something that was given to it; `nil` for no failure.
    mutating func settle(_ token: MQTTToken, _ failure: MQTTPublishFailure?) {
        switch failure {
        case nil:
            outbox.acknowledge(token)
        case .interrupted(let mayHaveArrived):
            outbox.interrupt(token, mayHaveArrived: mayHaveArrived)
        case .refused, .expired:
            outbox.giveBack(token)
        }
    }

    /// A message of the daemon's own has come back.
    mutating func hear(_ topic: Span<UInt8>, _ payload: Span<UInt8>) {
        if echo.isAlert(topic) {
            outbox.hear(payload.copy)
        } else if let word = UInt64(String(decoding: payload.copy, as: UTF8.self), radix: 16) {
            outbox.hear(word: word)
        }
    }

    /// Something came of the conductor's word to itself.
    mutating func take(_ step: EchoWatch.Step) {
        switch step {
        case .say(let word): outbox.expect(word)
        case .release: outbox.release()
        }
    }

    /// Takes note that all was handled which was told so far.
    mutating func resolve() { outbox.resolve() }

    /// Takes over a letter that an earlier run could not deliver.
    mutating func resume(_ letter: Outbox.Letter) {
        outbox.append(letter)
    }

    /// Takes note of what was published of a device before.
    mutating func resume(_ published: PublishedScore) { gate.resume(published) }

    /// Forgets a device, whose number will be another's.
    mutating func forget(_ left: Fleet.Replaced) {
        gate.forget(left.published)
        message.forget(left.device)
        if left.device < topics.count { topics[left.device] = nil }
    }

    /// Hands over what is still to be handed over.
    mutating func send() { outbox.send(by: client) }
}
