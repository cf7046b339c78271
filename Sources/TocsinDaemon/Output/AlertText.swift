import TocsinCore

extension JSONWriter {
    /// Writes an alert.
    mutating func alert(_ alert: Alert) {
        object { json in
            json.member("id", alert.id)
            json.member("device", alert.device)
            json.member("kind", alert.kind.name)
            json.member("state", alert.state.rawValue)
            if alert.isReminder {
                json.member("reminder", true)
            }
            json.member("severity", alert.severity.rawValue)
            json.member("since", alert.since)
            json.member("time", alert.time)
            json.member("score", alert.score)
            json.member("peak", alert.peak)
            if let cause = alert.driftCause {
                json.member("cause", cause.name)
            }
            if alert.state == .cleared {
                json.member("duration_s", alert.duration.inSeconds)
            }
            json.key("channels")
            json.array { json in
                for part in alert.channels { json.contribution(part) }
            }
            json.member("model", alert.model)
            json.member("message", alert.sentence)
        }
    }

    private mutating func contribution(_ part: Alert.Contribution) {
        object { json in
            json.member("channel", part.channel)
            json.member("share", part.share.rounded(digits: 4))
            json.member("value", part.value)
            json.member("expected", part.expected.map { Double(Float($0).description) ?? $0 })
            json.member("unit", part.unit)
            if let cause = part.cause {
                json.member("cause", cause.name)
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
