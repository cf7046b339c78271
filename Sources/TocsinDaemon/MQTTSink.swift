import TocsinCore
import TocsinMQTT

/// Publishes what happens: scores at QoS 0, alerts at QoS 1 out of an ``Outbox``.
struct MQTTSink: ~Copyable {
    private let client: MQTTClient
    private let notices: NoticeBoard
    /// What is published, and how often.
    var policy: PublishingPolicy {
        didSet {
            topics.removeAll()
            message.removeAll()
            gate = ScoreGate(policy.scores)
        }
    }
    private(set) var outbox = Outbox()
    /// Messages that the client would not take.
    private var refused = 0

    private var json = JSONWriter()
    private var message = ScoreMessage()
    /// Each device's score topic, by the device's number; `nil` before its first score.
    private var topics: [MQTTTopic?] = []
    private var gate: ScoreGate

    init(client: MQTTClient, notices: NoticeBoard, policy: PublishingPolicy) {
        self.client = client
        self.notices = notices
        self.policy = policy
        gate = ScoreGate(policy.scores)
    }

    /// Messages that were not published although they should have been.
    var dropped: Int { refused + Int(client.statistics.lostPosts) }

    /// Scores that were left out for the sake of ``ScorePolicy/perSecond``.
    var thinned: Int { gate.thinned }

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
        let refusal = message.write(assessment) { payload -> MQTTPublishRefusal? in
            do throws(MQTTPublishRefusal) {
                try client.post(topic, payload)
                return nil
            } catch {
                return error
            }
        }
        if let refusal { refuse(refusal) }
    }

    /// Publishes what is not worth keeping; what the client will not take is counted.
    mutating func publish(_ topic: String, _ payload: [UInt8]) {
        do {
            try client.post(try MQTTTopic(topic), payload.span)
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
        let kind = alert.kind.name
        if !alert.isReminder {
            outbox.append(
                topic: "\(policy.prefix)/devices/\(alert.device)/alert/\(kind)",
                payload: json.bytes,
                isRetained: true
            )
        }
        outbox.append(topic: "\(policy.prefix)/alerts", payload: json.bytes, isRetained: false)
        outbox.send(by: client)
    }

    /// Publishes the daemon's own presence, retained.
    mutating func publishStatus(_ status: String) {
        do {
            _ = try client.publish(
                topic: "\(policy.prefix)/status",
                payload: Array(status.utf8),
                isRetained: true
            )
        } catch {
            refuse(error)
        }
    }

    /// What the client says of something that was given to it.
    mutating func settle(_ event: MQTTEvent) {
        switch event {
        case .published(let token): outbox.acknowledge(token)
        case .publishFailed(let token, _): outbox.giveBack(token)
        case .connected, .subscribed, .filterRefused, .disconnected: break
        }
    }

    /// Takes over letters that an earlier run could not deliver.
    mutating func resume(_ letters: [Outbox.Letter]) {
        for letter in letters {
            outbox.append(
                topic: letter.topic,
                payload: letter.payload,
                isRetained: letter.isRetained
            )
        }
    }

    /// Hands over what is still to be handed over.
    mutating func send() { outbox.send(by: client) }
}
