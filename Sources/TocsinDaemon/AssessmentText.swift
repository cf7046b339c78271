import TocsinCore

extension JSONWriter {
    /// Writes the score message of `tocsin/devices/<device>/score`.
    mutating func score(_ assessment: Assessment) {
        let channels = assessment.model.channels
        object { json in
            json.key("device")
            json.value(assessment.name)
            json.key("time")
            json.value(assessment.time)
            json.key("score")
            json.value(assessment.score?.value)
            json.key("threshold")
            json.value(1)
            json.key("tail_probability")
            json.value(assessment.score?.tailProbability)
            json.key("warm")
            json.value(assessment.isWarm)
            json.key("channels")
            json.object { json in
                guard assessment.score != nil else { return }
                for c in channels.indices where assessment.shares[c] > 0 {
                    json.key(channels[c].name)
                    json.value(assessment.shares[c].rounded(digits: 6))
                }
            }
            json.key("expected")
            json.object { json in
                for c in channels.indices {
                    guard let expected = assessment.expectedValue(c) else { continue }
                    json.key(channels[c].name)
                    json.value(Float(expected))
                }
            }
            json.key("imputed")
            json.array { json in
                for c in channels.indices where !assessment.isFresh[c] {
                    json.value(channels[c].name)
                }
            }
            json.key("model")
            json.value(assessment.model.name)
        }
    }

    /// Writes an alert.
    mutating func alert(_ alert: Alert) {
        object { json in
            json.key("id")
            json.value(alert.id)
            json.key("device")
            json.value(alert.device)
            json.key("kind")
            json.value(alert.kind.name)
            json.key("state")
            json.value(alert.state.rawValue)
            if alert.isReminder {
                json.key("reminder")
                json.value(true)
            }
            json.key("severity")
            json.value(alert.severity.rawValue)
            json.key("since")
            json.value(alert.since)
            json.key("time")
            json.value(alert.time)
            json.key("score")
            json.value(alert.score)
            json.key("peak")
            json.value(alert.peak)
            if let cause = alert.driftCause {
                json.key("cause")
                json.value(cause.name)
            }
            if alert.state == .cleared {
                json.key("duration_s")
                json.value((alert.time - alert.since).inSeconds)
            }
            json.key("channels")
            json.array { json in
                for part in alert.channels { json.contribution(part) }
            }
            json.key("model")
            json.value(alert.model)
            json.key("message")
            json.value(alert.sentence)
        }
    }

    private mutating func contribution(_ part: Alert.Contribution) {
        object { json in
            json.key("channel")
            json.value(part.channel)
            json.key("share")
            json.value(part.share.rounded(digits: 4))
            json.key("value")
            json.value(part.value)
            json.key("expected")
            json.value(part.expected.map { Double(Float($0).description) ?? $0 })
            json.key("unit")
            json.value(part.unit)
            if let cause = part.cause {
                json.key("cause")
                json.value(cause.name)
            }
        }
    }
}

extension Double {
    /// Rounded to so many digits behind the point.
    func rounded(digits: Int) -> Double {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        return (self * scale).rounded() / scale
    }
}
