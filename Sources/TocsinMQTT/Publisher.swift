import Synchronization
import TocsinThreads

/// Hands messages to libmosquitto, and remembers those in flight.
///
/// A class, because libmosquitto calls back about one message while it is given another.
final class Publisher {
    private struct InFlight {
        let identifier: Int32
        let message: OutgoingMessage
        /// The value of ``handedOver`` when it left.
        let ordinal: UInt64
    }

    private let switchboard: Switchboard
    private let sendMaximum: Int
    private let tell: @Sendable (MQTTEvent) -> Void

    /// QoS 1 messages in libmosquitto's care, in the order of sending, so that the one acknowledged
    /// next is near the front.
    private var inFlight: [InFlight] = []
    private var handedOver: UInt64 = 0

    init(
        _ switchboard: Switchboard,
        sendMaximum: Int,
        tell: @escaping @Sendable (MQTTEvent) -> Void
    ) {
        self.switchboard = switchboard
        self.sendMaximum = sendMaximum
        self.tell = tell
    }

    /// Whether nothing waits and nothing is in flight.
    var isDone: Bool {
        inFlight.isEmpty && switchboard.posts.isEmpty
            && switchboard.wishes.withLock { $0.outgoing.isEmpty }
    }

    /// Hands over as much as the socket and the broker can take now; true if more could follow.
    ///
    /// libmosquitto's own queues are unbounded, and slow when they are long; so messages wait on this
    /// side while the socket is full or the broker owes acknowledgements.
    func handOver(to handle: MosquittoHandle, _ version: MQTTVersion) -> Bool {
        let waiting = switchboard.posts.count + switchboard.wishes.withLock { $0.outgoing.waiting }
        guard waiting > 0 else { return false }
        let isBurst = waiting > 1
        if isBurst { handle.setCorked(true) }
        defer { if isBurst { handle.setCorked(false) } }
        return handOverMessages(to: handle, version) || handOverPosts(to: handle)
    }

    private func handOverMessages(to handle: MosquittoHandle, _ version: MQTTVersion) -> Bool {
        for _ in 0..<256 {
            guard !handle.wantsWrite, inFlight.count < sendMaximum, hasIdentifiers,
                let message = switchboard.wishes.withLock({ $0.outgoing.takeFirst() })
            else { return false }
            publish(message, to: handle, version)
        }
        return true
    }

    private func handOverPosts(to handle: MosquittoHandle) -> Bool {
        var sent = 0
        var lost = 0
        defer {
            switchboard.sent.add(UInt64(sent), ordering: .relaxed)
            countLostPosts(lost)
        }
        for _ in 0..<1024 {
            guard !handle.wantsWrite, hasIdentifiers else { return false }
            let isTaken = switchboard.posts.takeFirst { topic, payload in
                handedOver += 1
                if handle.post(topic: topic, payload: payload) { sent += 1 } else { lost += 1 }
            }
            guard isTaken else { return false }
        }
        return true
    }

    /// Gives up the QoS 0 messages that wait, because there is no connection.
    func dropPosts() { countLostPosts(switchboard.posts.removeAll()) }

    private func countLostPosts(_ count: Int) {
        switchboard.lostPosts.add(UInt64(count), ordering: .relaxed)
        switchboard.dropped.add(UInt64(count), ordering: .relaxed)
    }

    /// The connection is gone: what it had not answered for is sent again, or given back.
    func interrupt() {
        let waiting = inFlight.map(\.message)
        inFlight.removeAll()
        let unsent = switchboard.wishes.withLock { wishes in
            for message in waiting where !message.isRepeated {
                wishes.outgoing.settle(size: message.size)
            }
            wishes.outgoing.putBack(waiting.filter(\.isRepeated))
            return wishes.outgoing.removeUnrepeated()
        }
        for message in waiting where !message.isRepeated {
            tell(.publishFailed(message.token, .interrupted(mayHaveArrived: true)))
        }
        for message in unsent {
            tell(.publishFailed(message.token, .interrupted(mayHaveArrived: false)))
        }
    }

    /// The broker answered for a QoS 1 message, or a QoS 0 message was written.
    func acknowledged(identifier: Int32, code: Int32) {
        // Of QoS 0 nothing was remembered.
        guard let index = inFlight.firstIndex(where: { $0.identifier == identifier }) else {
            return
        }
        let message = inFlight.remove(at: index).message
        if code < 0x80 {
            succeed(message.token, size: message.size)
        } else {
            let error = MQTTError(reason: code, packet: "PUBACK", version: .v5)
            fail(message.token, size: message.size, .refused(error))
        }
    }

    /// Whether a packet's identifier is certainly that of no message in flight.
    ///
    /// libmosquitto numbers packets of either QoS from 1 to 65 535 and round again, without a look at
    /// what is still in flight.
    private var hasIdentifiers: Bool {
        guard let oldest = inFlight.first else { return true }
        return handedOver - oldest.ordinal < 60_000
    }

    private func publish(
        _ message: OutgoingMessage,
        to handle: MosquittoHandle,
        _ version: MQTTVersion
    ) {
        if let deadline = message.deadline, deadline <= .now {
            return fail(message.token, size: message.size, .expired)
        }
        handedOver += 1
        switch handle.publish(message, version) {
        case .refused(let error):
            fail(message.token, size: message.size, .refused(error))
        case .accepted(let identifier):
            let entry = InFlight(
                identifier: identifier,
                message: message,
                ordinal: handedOver
            )
            inFlight.append(entry)
        }
    }

    private func succeed(_ token: MQTTToken, size: Int) {
        switchboard.wishes.withLock { $0.outgoing.settle(size: size) }
        switchboard.sent.add(1, ordering: .relaxed)
        tell(.published(token))
    }

    private func fail(_ token: MQTTToken, size: Int, _ failure: MQTTPublishFailure) {
        switchboard.wishes.withLock { $0.outgoing.settle(size: size) }
        switchboard.dropped.add(1, ordering: .relaxed)
        tell(.publishFailed(token, failure))
    }
}
