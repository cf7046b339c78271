public import Logging
import Synchronization
import TocsinCore

/// Writes notices to the log, and sees to it that none floods it.
///
/// A notice that could repeat per message is said at once the first time, then at most once a minute
/// per subject, with how many were left out. Subjects are bounded in number: what comes from outside
/// cannot fill the memory.
public final class NoticeBoard: Sendable {
    private struct State {
        var muted: [String: Muted] = [:]
        /// When subjects were last forgotten.
        var swept: ContinuousClock.Instant?
    }

    private struct Muted {
        var since: ContinuousClock.Instant
        var suppressed = 0
    }

    private let logger: Logger
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state = Mutex(State())
    private static let pause = Duration.seconds(60)
    private static let subjects = 1000

    /// A board that writes to `logger`.
    public convenience init(_ logger: Logger) {
        self.init(logger) { .now }
    }

    init(_ logger: Logger, now: @escaping @Sendable () -> ContinuousClock.Instant) {
        self.logger = logger
        self.now = now
    }

    /// Says something.
    public func post(_ notice: Notice) {
        var suppressed = 0
        if let subject = notice.subject {
            guard let count = admit(subject) else { return }
            suppressed = count
        }
        var metadata = notice.fields
        metadata["MESSAGE_ID"] = "\(notice.identifier)"
        var text = notice.text
        if suppressed > 0 {
            metadata["TOCSIN_SUPPRESSED"] = "\(suppressed)"
            text = "\(text) (and \(suppressed) more in the last minute)"
        }
        logger.log(level: notice.level, text, metadata: metadata)
    }

    /// How many were left out since the last one of this subject, or `nil` if this one is, too.
    private func admit(_ subject: String) -> Int? {
        let now = now()
        return state.withLock { state in
            var key = subject
            if state.muted[key] == nil, state.muted.count >= Self.subjects {
                Self.forget(&state, now)
                if state.muted.count >= Self.subjects { key = "" }
            }
            if var found = state.muted[key], now - found.since < Self.pause {
                found.suppressed += 1
                state.muted[key] = found
                return nil
            }
            let suppressed = state.muted[key]?.suppressed ?? 0
            state.muted[key] = Muted(since: now)
            return suppressed
        }
    }

    /// Forgets the subjects that may be said again; not at every message, for it takes its time.
    private static func forget(_ state: inout State, _ now: ContinuousClock.Instant) {
        if let swept = state.swept, now - swept < .seconds(1) { return }
        state.swept = now
        state.muted = state.muted.filter { now - $0.value.since < pause }
    }
}

extension Notice {
    /// What is limited together; `nil` for what is always said.
    fileprivate var subject: String? {
        switch self {
        case .messageSkipped(let topic, _): "message \(topic)"
        case .deviceWithoutModel: "deviceWithoutModel"
        case .unknownChannel(let device, _): "unknownChannel \(device)"
        case .stateReset(let device): "stateReset \(device)"
        case .queueOverflow: "queueOverflow"
        case .brokerDropped: "brokerDropped"
        case .publishRefused: "publishRefused"
        case .outputDropped: "outputDropped"
        case .tooManyDevices: "tooManyDevices"
        case .stateNotSaved: "stateNotSaved"
        case .controlBusy: "controlBusy"
        case .clockSet: "clockSet"
        default: nil
        }
    }

    /// The journal's fields.
    fileprivate var fields: Logger.Metadata {
        switch self {
        case .messageSkipped(let topic, let reason):
            return ["TOCSIN_TOPIC": "\(topic)", "TOCSIN_REASON": "\(reason)"]
        case .deviceWithoutModel(let device), .stateReset(let device):
            return ["TOCSIN_DEVICE": "\(device)"]
        case .unknownChannel(let device, let channel):
            return ["TOCSIN_DEVICE": "\(device)", "TOCSIN_CHANNEL": "\(channel)"]
        case .filterRefused(let filter, _):
            return ["TOCSIN_TOPIC": "\(filter)"]
        case .anomaly(let alert), .drift(let alert), .fault(let alert), .silence(let alert),
            .cleared(let alert):
            return alert.fields
        default:
            return [:]
        }
    }

    /// The notice of an alert.
    init(_ alert: Alert) {
        guard alert.state == .raised else {
            self = .cleared(alert)
            return
        }
        switch alert.kind {
        case .anomaly: self = .anomaly(alert)
        case .drift: self = .drift(alert)
        case .fault: self = .fault(alert)
        case .silence: self = .silence(alert)
        }
    }
}

extension Alert {
    fileprivate var fields: Logger.Metadata {
        var fields: Logger.Metadata = [
            "TOCSIN_DEVICE": "\(device)",
            "TOCSIN_ALERT_KIND": "\(kind.name)",
            "TOCSIN_ALERT_ID": "\(id)",
            "TOCSIN_STATE": "\(state.rawValue)",
            "TOCSIN_SEVERITY": "\(severity.rawValue)",
            "TOCSIN_SCORE": "\(score)",
            "TOCSIN_THRESHOLD": "1",
            "TOCSIN_SINCE": "\(since)",
            "TOCSIN_SAMPLE_TIME": "\(time)",
            "TOCSIN_MODEL": "\(model)",
        ]
        if let first = channels.first { fields["TOCSIN_CHANNEL"] = "\(first.channel)" }
        if let driftCause { fields["TOCSIN_CAUSE"] = "\(driftCause.name)" }
        if let cause = channels.first?.cause { fields["TOCSIN_CAUSE"] = "\(cause.name)" }
        return fields
    }
}
