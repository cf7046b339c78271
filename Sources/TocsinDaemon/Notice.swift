import Logging
public import TocsinCore

/// Something an operator should know.
///
/// This file lists every entry that tocsin writes to the journal at level `notice` or above. Each
/// case has an identifier that never changes; `systemd/tocsin.catalog` explains each of them.
public enum Notice: Sendable {
    /// The daemon is subscribed and scoring.
    case started(devices: Int, models: Int)
    /// The daemon was told to stop.
    case stopping
    /// The broker is there, for the first time or again.
    case connected(address: String, version: String, sessionPresent: Bool)
    /// The broker is gone, or was never there.
    case disconnected(address: String, reason: String)
    /// The connection is up and nothing arrives; it is made anew.
    case deaf(address: String)
    /// The broker has dropped messages, for whichever client.
    case brokerDropped(messages: Int)
    /// The broker does not let the daemon publish.
    case publishRefused(reason: String)
    /// The broker does not let the daemon read a stream.
    case filterRefused(filter: String, reason: String)
    /// A message could not be read.
    case messageSkipped(topic: String, reason: String)
    /// A device sends, and no model judges it.
    case deviceWithoutModel(device: String)
    /// A device sends a channel that its model does not know.
    case unknownChannel(device: String, channel: String)
    /// A device behaves unusually.
    case anomaly(Alert)
    /// A device has changed for good.
    case drift(Alert)
    /// A sensor is broken.
    case fault(Alert)
    /// Nothing arrives from a device.
    case silence(Alert)
    /// A raised alert is over.
    case cleared(Alert)
    /// A gap reset the state of a device.
    case stateReset(device: String)
    /// Saved state was taken back.
    case stateRestored(devices: Int, refused: Int)
    /// Saved state could not be taken back.
    case stateUnusable(reason: String)
    /// State could not be saved.
    case stateNotSaved(reason: String)
    /// A changed configuration is in force.
    case reloaded(kept: Int, reset: Int)
    /// A changed configuration is wrong; the old one goes on.
    case reloadRefused(reason: String)
    /// A part of a changed configuration takes effect only at the next start.
    case needsRestart(keys: String)
    /// Messages came faster than they could be scored.
    case queueOverflow(messages: Int)
    /// Scores could not be published.
    case outputDropped(reason: String, total: Int)
    /// More devices send than are watched.
    case tooManyDevices(limit: Int)
    /// Nobody can ask the daemon anything.
    case controlUnavailable(reason: String)
    /// Somebody who asked was turned away.
    case controlBusy(reason: String)
    /// The time of day has jumped.
    case clockSet(by: Duration)

    /// What is said.
    var text: Logger.Message {
        switch self {
        case .started(let devices, let models):
            "subscribed; \(models) models, \(devices) devices known from before"
        case .stopping: "stopping: finishing what is held"
        case .connected(let address, let version, let sessionPresent):
            "connected to \(address), MQTT \(version)\(sessionPresent ? ", session resumed" : "")"
        case .disconnected(let address, let reason):
            "no connection to \(address): \(reason), trying again until it is back"
        case .deaf(let address):
            "nothing arrives from \(address) although all devices should send, reconnecting"
        case .brokerDropped(let messages):
            "the broker dropped \(messages) messages so far, for this or another client"
        case .publishRefused(let reason):
            "the broker takes no alerts: \(reason), keeping them and trying again"
        case .filterRefused(let filter, let reason):
            "the broker refuses '\(filter)': \(reason), asking again after the next connect"
        case .messageSkipped(let topic, let reason): "'\(topic)': \(reason), skipping"
        case .deviceWithoutModel(let device):
            "\(device): no model judges it, counting its messages only"
        case .unknownChannel(let device, let channel):
            "\(device): its model does not know '\(channel)', leaving it out"
        case .stateReset(let device):
            "\(device): longer gap than its model allows, state reset, warming up again"
        case .stateRestored(let devices, let refused):
            refused == 0
                ? "state of \(devices) devices restored"
                : "state of \(devices) devices restored, \(refused) refused: they warm up again"
        case .stateUnusable(let reason): "saved state: \(reason), starting without it"
        case .stateNotSaved(let reason): "state not saved: \(reason), trying again"
        case .reloaded(let kept, let reset):
            "configuration reloaded; \(kept) devices keep their state, \(reset) begin anew"
        case .reloadRefused(let reason):
            "configuration not reloaded: \(reason); the old one goes on"
        case .needsRestart(let keys): "changes under \(keys) take effect at the next start"
        case .queueOverflow(let messages): "queue full: \(messages) messages dropped so far"
        case .outputDropped(let reason, let total):
            "scores not published: \(reason); \(total) so far. Alerts are kept"
        case .tooManyDevices(let limit): "more than \(limit) devices, leaving the others out"
        case .controlUnavailable(let reason):
            "no control socket: \(reason), going on without"
        case .controlBusy(let reason): "control socket: \(reason), turning the oldest away"
        case .clockSet(let step):
            step < .zero
                ? "the clock was set back by \(step.magnitude.readable), going on with the new time"
                : "the clock was set forward by \(step.readable), going on with the new time"
        case .anomaly(let alert), .drift(let alert), .fault(let alert), .silence(let alert),
            .cleared(let alert):
            "\(alert.sentence)"
        }
    }

    /// How much it matters.
    var level: Logger.Level {
        switch self {
        case .filterRefused, .publishRefused, .stateNotSaved, .reloadRefused:
            .error
        case .disconnected, .messageSkipped, .deviceWithoutModel, .stateUnusable, .needsRestart,
            .queueOverflow, .outputDropped, .tooManyDevices, .controlUnavailable, .deaf,
            .brokerDropped, .controlBusy, .clockSet:
            .warning
        case .started, .stopping, .connected, .unknownChannel, .anomaly, .drift, .fault, .silence,
            .cleared, .stateReset, .stateRestored, .reloaded:
            .notice
        }
    }

    /// What kind of entry it is: a number that never changes, and a catalogue entry.
    var identifier: String {
        switch self {
        case .started: "91d5fa43b5004b11bec725938c47f56a"
        case .stopping: "2f1380df53b6493280a6f47d246bc132"
        case .connected: "fe29aef57e4a462f9a4cc43e2d23bcd0"
        case .disconnected: "ee9fe718711842749fcbf16576abd6b9"
        case .deaf: "daf32ad1b23c458995f29b777ad7994e"
        case .brokerDropped: "06bd4fe35ed24424949492161c7d2008"
        case .publishRefused: "0357331f11c54c1bbb406af6f735207a"
        case .filterRefused: "d30de57f3b614ac9ba57592661f8eb85"
        case .messageSkipped: "ca8d08c5e73c40c0accd70f960e17599"
        case .deviceWithoutModel: "311a2b79eaf64ff4ad8fc3e804a85d54"
        case .unknownChannel: "facb679fa4c64b209ea0d8fc39b02101"
        case .anomaly: "99fa93a6ce0b4c4bbd19e71dffff13e5"
        case .drift: "23ec69ad53bf4ff4928f71bb694f7908"
        case .fault: "0a62465dc061427bbc05aa1dacf07371"
        case .silence: "3ff2083dd83b402ea6e14df26aa0314f"
        case .cleared: "a6aada6ce91f4ed4b526c34948d6a0c8"
        case .stateReset: "538e699379fa4977a215175c75b7b0b9"
        case .stateRestored: "65031e4898bb4be6ae53761bb107a212"
        case .stateUnusable: "ed3a7c41a4c6422b80f2477e9b3c83e1"
        case .stateNotSaved: "13e6a75819684bf6a938c15585760110"
        case .reloaded: "8f3eaf12456a47ecad84157ebfddb368"
        case .reloadRefused: "397200a66d5b4cd8aeac501b5fbb66b1"
        case .needsRestart: "68eb91a7e7a9403193109d5998d99b76"
        case .queueOverflow: "37266505742c4ed28c47bfbc7f4d01ee"
        case .outputDropped: "c046f258d3e94868a9ba62c08126955d"
        case .tooManyDevices: "9e2f6b6e6a324707b1664cd0352014da"
        case .controlUnavailable: "315aa698a7de4496addcd5cf5af10fe1"
        case .controlBusy: "39a5973c93cc48c5ba62c3e7bd8db45f"
        case .clockSet: "06381559bd9e4bfda4e17671ce343572"
        }
    }
}
