import TocsinCore
import TocsinMQTT

/// Publishes what happens: scores at QoS 0, alerts at QoS 1 out of an ``Outbox``.
struct MQTTSink: Sink {
    private let client: MQTTClient
    private let notices: NoticeBoard
    /// What is published, and how often.
    var policy: PublishingPolicy {
        didSet { topics.removeAll() }
    }
    private(set) var outbox = Outbox()
    /// Scores that were not published.
    private(set) var dropped = 0

    private var json = JSONWriter()
    /// Each device's score topic and when its last score was published, by the device's number.
    private var topics: [(topic: String, last: Timestamp)] = []

    init(client: MQTTClient, notices: NoticeBoard, policy: PublishingPolicy) {
        self.client = client
        self.notices = notices
        self.policy = policy
    }

    mutating func take(_ assessment: borrowing Assessment) {
        if assessment.isOfFrame { publishScore(assessment) }
        for alert in assessment.alerts { publish(alert) }
        if assessment.isAfterGap { notices.post(.stateReset(device: assessment.name)) }
    }

    private mutating func publishScore(_ assessment: borrowing Assessment) {
        while topics.count <= assessment.device { topics.append(("", Timestamp(microseconds: 0))) }
        let device = assessment.device
        if topics[device].topic.isEmpty {
            topics[device].topic = "\(policy.prefix)/devices/\(assessment.name)/score"
        }
        if policy.scoreInterval > .zero {
            guard assessment.time - topics[device].last >= policy.scoreInterval else { return }
            topics[device].last = assessment.time
        }
        json.removeAll()
        json.score(assessment)
        publish(topics[device].topic, json.bytes)
    }

    /// Publishes what is not worth keeping; what the client will not take is counted.
    mutating func publish(
        _ topic: String,
        _ payload: [UInt8],
        qos: MQTTQoS = .atMostOnce,
        isRetained: Bool = false
    ) {
        do {
            _ = try client.publish(
                topic: topic,
                payload: payload,
                qos: qos,
                isRetained: isRetained
            )
        } catch {
            dropped += 1
            // That the broker is away was said already.
            guard error != .notConnected, error != .stopped else { return }
            notices.post(.outputDropped(reason: "\(error)", total: dropped))
        }
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
        publish(
            "\(policy.prefix)/status",
            Array(status.utf8),
            qos: .atLeastOnce,
            isRetained: true
        )
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
