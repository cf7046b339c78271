import Glibc
import TocsinCore
import TocsinFiles

/// How the daemon is, in JSON and in a line.
struct StatusReport {
    let figures: ShardFigures
    let isConnected: Bool
    let uptime: Duration
    let now: Timestamp

    /// For `systemctl status`.
    var line: String {
        "\(figures.devices) devices, \(figures.raised) alerts raised, "
            + "\(figures.counted.frames) frames scored"
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
        json.member("devices", figures.devices)
        json.member("messages", figures.intake.messages)
        json.member(
            "messages_per_s",
            (Double(figures.intake.messages) / seconds).rounded(digits: 2)
        )
        json.member("frames", figures.counted.frames)
        json.member("frames_per_s", (Double(figures.counted.frames) / seconds).rounded(digits: 2))
        json.member("resets", figures.counted.resets)
        json.key("dropped")
        json.object { json in
            let causes: [(String, Int)] = [
                ("unreadable", figures.intake.rejected - figures.intake.unmatched),
                ("unmatched_topic", figures.intake.unmatched),
                ("without_model", figures.intake.unwatched),
                ("unknown_channel", figures.intake.unknownChannels),
                ("redelivered", figures.redelivered),
                ("duplicate", figures.counted.duplicates), ("late", figures.counted.late),
                ("within_period", figures.counted.surplus),
                ("queue_full", figures.overflow), ("not_published", figures.outputDropped),
                ("scores_thinned", figures.scoresThinned), ("alerts", figures.alertsLost),
            ]
            for (name, count) in causes {
                json.member(name, count)
            }
        }
        json.member("queue_fill", figures.queueFill.rounded(digits: 4))
        json.member("outbox", figures.outbox)
        json.member("scoring_lag_s", lag?.rounded(digits: 3))
        json.member("memory_bytes", residentMemory)
    }

    /// How far the freshest device's newest sample lies behind the clock.
    private var lag: Double? { figures.latest.map { max((now - $0).inSeconds, 0) } }

    /// The answer to `status`.
    ///
    /// - Parameter devices: a JSON object for each device
    func status(devices: [[UInt8]]) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            health(&json)
            json.key("device_list")
            json.array { json in
                for device in devices { json.json(device) }
            }
        }
        return json.bytes
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
