import Synchronization
import TocsinThreads

/// Hands messages to libmosquitto, and remembers those in flight.
///
/// A class, because libmosquitto calls back about one message while it is given another.
final class Publisher {
    private struct InFlight {
        let identifier: Int32
        let token: MQTTToken
        let size: Int
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
        inFlight.isEmpty && switchboard.wishes.withLock { $0.outgoing.isEmpty }
    }

    /// Hands over as much as the socket and the broker can take now.
    ///
    /// libmosquitto's own queues are unbounded, and slow when they are long; so messages wait on this
    /// side while the socket is full or the broker owes acknowledgements.
    func handOver(to handle: MosquittoHandle, _ version: MQTTVersion) {
        for _ in 0..<256 {
            guard !handle.wantsWrite, hasRoom else { return }
            guard let message = switchboard.wishes.withLock({ $0.outgoing.takeFirst() }) else {
                return
            }
            publish(message, to: handle, version)
        }
        // More is left; the socket gets its turn first.
        switchboard.wakeup.signal()
    }

    /// The broker answered for a QoS 1 message, or a QoS 0 message was written.
    func acknowledged(identifier: Int32, code: Int32) {
        // Of QoS 0 nothing was remembered.
        guard let index = inFlight.firstIndex(where: { $0.identifier == identifier }) else {
            return
        }
        let message = inFlight.remove(at: index)
        if code < 0x80 {
            succeed(message.token, size: message.size)
        } else {
            let error = MQTTError(reason: code, packet: "PUBACK", version: .v5)
            fail(message.token, size: message.size, .refused(error))
        }
    }

    private var hasRoom: Bool {
        guard let oldest = inFlight.first else { return true }
        // libmosquitto numbers packets from 1 to 65 535 and round again, without a look at what is
        // still in flight.
        return inFlight.count < sendMaximum && handedOver - oldest.ordinal < 60_000
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
        switch (handle.publish(message, version), message.qos) {
        case (.refused(let error), _):
            fail(message.token, size: message.size, .refused(error))
        case (.accepted, .atMostOnce):
            succeed(message.token, size: message.size)
        case (.accepted(let identifier), .atLeastOnce):
            let entry = InFlight(
                identifier: identifier,
                token: message.token,
                size: message.size,
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
