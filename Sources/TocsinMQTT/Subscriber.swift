import Synchronization

/// Brings the broker's subscriptions in line with the wanted ones.
struct Subscriber {
    /// A filter that the broker did not grant.
    struct Refusal {
        let filter: String
        let code: Int32?
        let local: MQTTError?

        func error(_ version: MQTTVersion) -> MQTTError {
            local ?? MQTTError(reason: code ?? 0x80, packet: "SUBACK", version: version)
        }
    }

    private enum Question {
        case subscribe(MQTTSubscription)
        case unsubscribe
    }

    /// What this connection has asked for, by filter.
    private var asked: [String: MQTTSubscription] = [:]
    private var granted: Set<String> = []
    private var unanswered: [Int32: Question] = [:]
    private var refusals: [Refusal] = []
    private var revision: Int?
    private var isReportDue = false

    /// A new connection: everything is asked for again, for only the broker knows what it forgot.
    mutating func reset() {
        self = Subscriber()
    }

    /// Asks for what is wanted and not there, and leaves what is there and not wanted.
    mutating func update(
        _ switchboard: Switchboard,
        _ handle: MosquittoHandle,
        _ version: MQTTVersion
    ) throws(MQTTError) {
        let known = revision
        let change = switchboard.wishes.withLock { wishes in
            wishes.subscriptionsRevision == known
                ? nil : (wishes.subscriptionsRevision, wishes.subscriptions)
        }
        guard let (newRevision, subscriptions) = change else { return }
        revision = newRevision
        // Nobody waits for news of a connection that never had a subscription.
        isReportDue = isReportDue || !subscriptions.isEmpty || !asked.isEmpty

        let wanted = Dictionary(subscriptions.map { ($0.filter, $0) }, uniquingKeysWith: { $1 })
        for filter in asked.keys.sorted() where wanted[filter] == nil {
            unanswered[try handle.unsubscribe(filter)] = .unsubscribe
            asked[filter] = nil
            granted.remove(filter)
        }
        for subscription in wanted.values.sorted(by: { $0.filter < $1.filter })
        where asked[subscription.filter] != subscription {
            asked[subscription.filter] = subscription
            do {
                unanswered[try handle.subscribe(subscription, version)] = .subscribe(subscription)
            } catch {
                guard error.isAboutTheFilter else { throw error }
                refusals.append(Refusal(filter: subscription.filter, code: nil, local: error))
            }
        }
    }

    /// The broker answered a question.
    mutating func answered(identifier: Int32, code: Int32) {
        guard case .subscribe(let subscription) = unanswered.removeValue(forKey: identifier) else {
            return
        }
        // It may have been dropped again before the answer came.
        guard asked[subscription.filter] == subscription else { return }
        if code < 0x80 {
            granted.insert(subscription.filter)
        } else {
            granted.remove(subscription.filter)
            refusals.append(Refusal(filter: subscription.filter, code: code, local: nil))
        }
    }

    /// What was refused since the last time.
    mutating func takeRefusals() -> [Refusal] {
        guard !refusals.isEmpty else { return [] }
        defer { refusals = [] }
        return refusals
    }

    /// What is granted, once after every question has been answered; otherwise `nil`.
    mutating func takeCompletion() -> [String]? {
        guard isReportDue, unanswered.isEmpty else { return nil }
        isReportDue = false
        return granted.sorted()
    }
}

extension MQTTError {
    /// Whether the filter is at fault, and not the connection.
    fileprivate var isAboutTheFilter: Bool {
        ![Code.notConnected, Code.lost, Code.system, Code.tls, Code.memory].contains(code)
    }
}
