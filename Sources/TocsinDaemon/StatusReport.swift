import Glibc
import TocsinCore
import TocsinFiles

/// How the daemon is, in JSON and in a line.
struct StatusReport {
    let devices: [DeviceMonitor]
    let policies: AlertPolicies
    let counted: FleetCounters
    let intake: IntakeCounters
    let streams: [String]
    let overflow: Int
    let outputDropped: Int
    let scoresThinned: Int
    let outbox: Int
    let alertsLost: Int
    let queueFill: Double
    let isConnected: Bool
    let uptime: Duration
    let now: Timestamp

    /// For `systemctl status`.
    var line: String {
        let raised = devices.reduce(0) { $0 + $1.raisedKinds.count }
        let frames = counted.frames
        return "\(devices.count) devices, \(raised) alerts raised, \(frames) frames scored"
    }

    /// The answer to a question, one line of JSON.
    func answer(_ request: StatusRequest) -> [UInt8] {
        switch request {
        case .status: return status()
        case .inspect(let name):
            guard let monitor = devices.first(where: { $0.name == name }) else {
                var json = JSONWriter()
                json.object { json in
                    json.member("error", "unknown device '\(name)'")
                }
                return json.bytes
            }
            return state(of: monitor)
        }
    }

    /// The payload of `tocsin/health`.
    func health() -> [UInt8] {
        var json = JSONWriter()
        json.object { json in health(&json) }
        return json.bytes
    }

    private func health(_ json: inout JSONWriter) {
        let seconds = max(uptime.inSeconds, 0.001)
        json.member("time", now)
        json.member("version", tocsinVersion)
        json.member("uptime_s", uptime.inSeconds.rounded(digits: 1))
        json.member("connected", isConnected)
        json.member("devices", devices.count)
        json.member("messages", intake.messages)
        json.member("messages_per_s", (Double(intake.messages) / seconds).rounded(digits: 2))
        json.member("frames", counted.frames)
        json.member("frames_per_s", (Double(counted.frames) / seconds).rounded(digits: 2))
        json.member("resets", counted.resets)
        json.key("dropped")
        json.object { json in
            let causes: [(String, Int)] = [
                ("unreadable", intake.rejected - intake.unmatched),
                ("unmatched_topic", intake.unmatched),
                ("without_model", intake.unwatched), ("unknown_channel", intake.unknownChannels),
                ("duplicate", counted.duplicates), ("late", counted.late),
                ("within_period", counted.surplus),
                ("queue_full", overflow), ("not_published", outputDropped),
                ("scores_thinned", scoresThinned), ("alerts", alertsLost),
            ]
            for (name, count) in causes {
                json.member(name, count)
            }
        }
        json.member("queue_fill", queueFill.rounded(digits: 4))
        json.member("outbox", outbox)
        json.member("scoring_lag_s", lag?.rounded(digits: 3))
        json.member("memory_bytes", residentMemory)
    }

    /// How far the freshest device's newest sample lies behind the clock.
    private var lag: Double? {
        let newest = devices.compactMap(\.latest).max()
        return newest.map { max((now - $0).inSeconds, 0) }
    }

    private func status() -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            health(&json)
            json.key("device_list")
            json.array { json in
                for monitor in devices {
                    json.object { json in
                        json.member("device", monitor.name)
                        json.member("score", monitor.lastScore?.value)
                        json.member("warm", monitor.isWarm)
                        json.key("alerts")
                        json.array { json in
                            for kind in monitor.raisedKinds { json.value(kind.name) }
                        }
                        json.key("last_sample")
                        if let latest = monitor.latest { json.value(latest) } else { json.null() }
                        json.member("model", monitor.model.name)
                    }
                }
            }
        }
        return json.bytes
    }

    /// The payload of `tocsin/devices/<device>/state`.
    func state(of monitor: DeviceMonitor) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("device", monitor.name)
            json.member("time", now)
            json.member("stream", streams[monitor.stream])
            json.member("model", monitor.model.name)
            json.member("warm", monitor.isWarm)
            json.member("frames", Int(monitor.frames))
            json.member("frames_since_reset", Int(monitor.framesSinceReset))
            json.member("resets", Int(monitor.resets))
            json.member(
                "extrapolating",
                Int(monitor.framesSinceReset) > monitor.model.longestSequence
            )
            json.member("score", monitor.lastScore?.value)
            json.member("novelty", monitor.lastScore?.novelty)
            json.key("budget")
            json.object { json in account(monitor, &json) }
            json.member("hidden_norm", monitor.lastDrift?.hiddenNorm)
            json.key("drift")
            json.object { json in
                for cause in DriftCause.allCases {
                    json.member(
                        cause.name,
                        monitor.lastDrift?.ratios[cause.rawValue].rounded(digits: 4)
                    )
                }
            }
            json.member(
                "lag_s",
                monitor.latest.map { max((now - $0).inSeconds, 0).rounded(digits: 3) }
            )
            json.key("alerts")
            json.object { json in
                for kind in monitor.raisedKinds {
                    json.member(kind.name, monitor.conditions[kind.rawValue].since)
                }
            }
            json.key("channels")
            json.object { json in channels(monitor, &json) }
        }
        return json.bytes
    }

    /// How many anomaly alerts rang, how many the budget would have allowed, and how many healthy peaks
    /// are to be expected above the boundary as it is.
    private func account(_ monitor: DeviceMonitor, _ json: inout JSONWriter) {
        let months = monitor.model.clock.monthsPerFrame
        let threshold = monitor.threshold(policies: policies)
        json.member("per_month", policies.budgetPerMonth)
        json.member("months", (Double(monitor.keeper.frames) * months).rounded(digits: 6))
        json.member("rang", Int(monitor.keeper.alerts))
        json.member(
            "allowed",
            policies.budgetPerMonth.map {
                (Double(monitor.keeper.frames) * months * $0).rounded(digits: 3)
            }
        )
        json.member(
            "expected_per_month",
            (monitor.keeper.peaks.rate(above: threshold) / months).rounded(digits: 2)
        )
    }

    private func channels(_ monitor: DeviceMonitor, _ json: inout JSONWriter) {
        for (c, channel) in monitor.model.channels.enumerated() {
            json.key(channel.name)
            json.object { json in
                json.member("value", monitor.value(c))
                json.member("expected", Float(monitor.expectedValue(c) ?? .nan))
                json.member("unit", channel.unit)
            }
        }
    }
}

/// The version of this program.
public let tocsinVersion = "0.1.0"

/// The process's resident memory in bytes, or `nil` where the system does not say.
///
/// Source: proc(5), the second number of statm, in pages.
private var residentMemory: Double? {
    guard let bytes = try? Files.read("/proc/self/statm") else { return nil }
    let fields = String(decoding: bytes, as: UTF8.self).split(separator: " ")
    guard fields.count > 1, let pages = Double(fields[1]) else { return nil }
    return pages * Double(sysconf(Int32(_SC_PAGESIZE)))
}
