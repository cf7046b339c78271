import Synchronization

/// A question to all shards; the last one to answer hands over all answers.
final class Survey: Sendable {
    /// What is done with the answers.
    enum Purpose: Sendable {
        /// The line of `systemctl status`, behind what else it must say; and readiness, if it is to be
        /// told.
        case line(isReady: Bool, news: String = "")
        case health
        /// How long the fleet may be silent as a whole.
        case patience
        case status(Reply)
    }

    /// Whether each device is to be listed.
    var wantsDevices: Bool { if case .status = purpose { true } else { false } }

    private struct State {
        var left: Int
        var figures = ShardFigures()
        var devices: [(shard: Int, list: [[UInt8]])] = []
    }

    private let purpose: Purpose
    private let state: Mutex<State>
    private let conductor: Mailbox<Event>

    init(_ purpose: Purpose, shards: Int, to conductor: Mailbox<Event>) {
        self.purpose = purpose
        self.conductor = conductor
        state = Mutex(State(left: shards))
    }

    /// A shard's answer.
    func answer(_ figures: ShardFigures, shard: Int, devices: [[UInt8]]) {
        let complete = state.withLock { state -> State? in
            state.left -= 1
            state.figures = state.figures + figures
            state.devices.append((shard, devices))
            return state.left == 0 ? state : nil
        }
        guard let complete else { return }
        let devices = complete.devices.sorted { $0.shard < $1.shard }.flatMap(\.list)
        conductor.put(.surveyed(purpose, complete.figures, devices: devices))
    }
}

/// What all shards have done of one thing; the last one reports.
final class Tally: Sendable {
    private struct State {
        var left: Int
        var kept = 0
        var reset = 0
    }

    private let state: Mutex<State>
    private let conductor: Mailbox<Event>

    init(shards: Int, to conductor: Mailbox<Event>) {
        self.conductor = conductor
        state = Mutex(State(left: shards))
    }

    /// A shard has reloaded.
    func add(kept: Int, reset: Int) {
        let complete = state.withLock { state -> State? in
            state.left -= 1
            state.kept += kept
            state.reset += reset
            return state.left == 0 ? state : nil
        }
        if let complete { conductor.put(.reloaded(kept: complete.kept, reset: complete.reset)) }
    }
}
