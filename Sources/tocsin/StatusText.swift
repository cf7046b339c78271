import FoundationEssentials
import TocsinCore

/// The daemon's answers, for people.
enum StatusText {
    private struct Failure: Codable {
        var error: String?
    }

    private struct Status: Codable {
        struct Device: Codable {
            var device: String
            var score: Double?
            var warm: Bool
            var alerts: [String]
            var last_sample: String?
            var model: String
        }

        var version: String
        var uptime_s: Double
        var connected: Bool
        var messages: Int
        var frames: Int
        var dropped: [String: Int]
        var device_list: [Device]
    }

    private struct Inspection: Codable {
        struct Channel: Codable {
            var value: Double?
            var expected: Double?
            var unit: String
        }

        struct Budget: Codable {
            var per_month: Double?
            var months: Double
            var rang: Int
            var allowed: Double?
            var expected_per_month: Double
        }

        var device: String
        var stream: String
        var model: String
        var warm: Bool
        var frames: Int
        var frames_since_reset: Int
        var resets: Int
        var score: Double?
        var novelty: Double?
        var budget: Budget
        var hidden_norm: Double?
        var drift: [String: Double?]
        var alerts: [String: String]
        var channels: [String: Channel]
    }

    /// The error that an answer holds, if any.
    static func error(_ answer: String) throws -> String? {
        try JSONDecoder().decode(Failure.self, from: Data(answer.utf8)).error
    }

    /// The answer to `status`.
    static func status(_ answer: String) throws -> String {
        let status = try JSONDecoder().decode(Status.self, from: Data(answer.utf8))
        let uptime = Duration.seconds(status.uptime_s).readable
        var lines = [
            "tocsin \(status.version), up \(uptime), "
                + (status.connected ? "connected" : "no connection to the broker"),
            "\(status.messages) messages, \(status.frames) frames",
        ]
        let dropped = status.dropped.filter { $0.value > 0 }.sorted { $0.key < $1.key }
        if !dropped.isEmpty {
            let list = dropped.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
            lines.append("dropped: \(list)")
        }
        lines.append(row("DEVICE", "SCORE", "ALERTS", "LAST SAMPLE", "MODEL"))
        for device in status.device_list {
            let score = device.warm ? device.score?.readable ?? "-" : "warming up"
            let alerts = device.alerts.isEmpty ? "-" : device.alerts.joined(separator: ",")
            lines.append(
                row(device.device, score, alerts, device.last_sample ?? "-", device.model)
            )
        }
        return lines.joined(separator: "\n")
    }

    /// The answer to `inspect`.
    static func inspection(_ answer: String) throws -> String {
        let found = try JSONDecoder().decode(Inspection.self, from: Data(answer.utf8))
        var lines = [
            "\(found.device), stream \(found.stream), model \(found.model)",
            "score \(found.score?.readable ?? "-"), novelty \(found.novelty?.readable ?? "-"), "
                + (found.warm ? "warm" : "warming up")
                + ", \(found.frames) frames, \(found.frames_since_reset) since the last of "
                + "\(found.resets) resets",
            account(found.budget),
            "hidden norm \(found.hidden_norm?.readable ?? "-")",
        ]
        for (cause, ratio) in found.drift.sorted(by: { $0.key < $1.key }) {
            lines.append("drift of \(cause): \(ratio?.readable ?? "-") of its threshold")
        }
        for (kind, since) in found.alerts.sorted(by: { $0.key < $1.key }) {
            lines.append("\(kind) raised since \(since)")
        }
        lines.append(row("CHANNEL", "VALUE", "EXPECTED", "UNIT", ""))
        for (name, channel) in found.channels.sorted(by: { $0.key < $1.key }) {
            let value = channel.value?.readable ?? "-"
            lines.append(row(name, value, channel.expected?.readable ?? "-", channel.unit, ""))
        }
        return lines.joined(separator: "\n")
    }

    private static func account(_ budget: Inspection.Budget) -> String {
        let rang = "\(budget.rang) anomaly alerts in \((budget.months * 30.44).readable) days"
        let expected = "\(budget.expected_per_month.readable) false ones a month to expect"
        guard let allowed = budget.allowed, let perMonth = budget.per_month else {
            return "\(rang), \(expected); no budget is set"
        }
        return "\(rang), where a budget of \(perMonth.readable) a month allows "
            + "\(allowed.readable); \(expected)"
    }

    private static func row(_ cells: String...) -> String {
        let widths = [24, 12, 20, 26, 0]
        var text = ""
        for (cell, width) in zip(cells, widths) {
            text += cell + String(repeating: " ", count: max(width - cell.count, 1))
        }
        while text.hasSuffix(" ") { text.removeLast() }
        return text
    }
}
