import TocsinCore
import TocsinMQTT
import TocsinSystemd

// What passes between the conductor and the broker.

extension Conductor {
    mutating func handle(_ event: MQTTEvent) {
        let isOwn = side.isOwn(event) || echo.isOwn(event)
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

    /// Tells the shards what is known, or about to be, of alerts in doubt.
    mutating func take(_ step: EchoWatch.Step) {
        for shard in shards { shard.inbox.put(.echo(step)) }
        guard case .say(let word) = step else { return }
        echo.token = publish(echo.topic, String(word, radix: 16), isRetained: false)
    }

    /// Connects anew if nothing arrives although it should.
    mutating func renewIfDeaf(_ now: ContinuousClock.Instant) {
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

    /// Changes the line of `systemctl status`, if it is another one.
    mutating func say(_ status: String) {
        guard status != lastStatus else { return }
        lastStatus = status
        service.status(status)
    }

    /// Publishes the daemon's own presence, retained.
    mutating func publishStatus(_ status: String) {
        _ = publish("\(policy.prefix)/status", status, isRetained: true)
    }

    /// Publishes something that is said anew on the next connection.
    mutating func publish(
        _ topic: String,
        _ text: String,
        isRetained: Bool
    ) -> MQTTToken? {
        do {
            return try client.publish(
                topic: topic,
                payload: Array(text.utf8),
                isRetained: isRetained,
                isRepeated: false,
                owner: shards.count
            )
        } catch {
            refused += 1
            return nil
        }
    }

    mutating func publish(_ topic: String, _ payload: [UInt8]) {
        do {
            try client.post(try MQTTTopic(topic), payload.span, ring: shards.count)
        } catch {
            refused += 1
        }
    }
}
