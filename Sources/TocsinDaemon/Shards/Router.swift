import Synchronization
import TocsinCore
import TocsinMQTT

/// Tells which shard a message belongs to: the one of its device's name.
@safe
final class Router: @unchecked Sendable {
    // @unchecked: `current` is the network thread's alone, once that runs.

    private let shards: [ShardHandle]
    private var current: Intake
    private let next = Mutex<Intake?>(nil)
    private let hasNext = Atomic<Bool>(false)
    private let echo: EchoWatch.Topics
    private let deliveries: DeliveryLog
    private let conductor: Mailbox<Event>
    private let live = Atomic<Int>(0)
    private let repeated = Atomic<Int>(0)
    private var redelivery = Redelivery()

    /// A router by the streams of an intake.
    ///
    /// - Parameters:
    ///   - echo: what comes from the daemon itself
    ///   - deliveries: what came last
    init(
        _ shards: [ShardHandle],
        by intake: Intake,
        echo: EchoWatch.Topics,
        deliveries: DeliveryLog,
        conductor: Mailbox<Event>
    ) {
        self.shards = shards
        self.echo = echo
        self.deliveries = deliveries
        self.conductor = conductor
        current = intake
    }

    /// A connection begins; on the network thread.
    func connected(sessionPresent: Bool) {
        if !sessionPresent { deliveries.clear() }
        redelivery.begin(
            deliveries.deliveries(until: shards.map(\.inbox.end)),
            now: WallClock.stamp()
        )
    }

    /// Messages of the streams that were not retained.
    var liveMessages: Int { live.load(ordering: .relaxed) }

    /// Messages that the broker sent again and that were there already.
    var redelivered: Int { repeated.load(ordering: .relaxed) }

    /// From the next message on, other streams count; for any thread.
    func change(to intake: Intake) {
        next.withLock { $0 = intake }
        hasNext.store(true, ordering: .releasing)
    }

    /// Puts a message where it belongs.
    func put(
        topic: Span<UInt8>,
        payload: Span<UInt8>,
        arrival: Timestamp,
        flags: MQTTMessageFlags
    ) {
        let isRetained = flags.isRetained
        if DroppedWatch.isOwn(topic: topic) {
            return conductor.put(.brokerDropped(payload.copy, isRetained: isRetained))
        }
        if echo.isOwn(topic) {
            // Whose it is only the shards know.
            for i in 0..<shards.count { shards[i].inbox.putEcho(topic: topic, payload: payload) }
            return
        }
        if !isRetained { live.store(live.load(ordering: .relaxed) &+ 1, ordering: .relaxed) }
        if hasNext.load(ordering: .relaxed), hasNext.exchange(false, ordering: .acquiring) {
            next.withLock { if let found = $0.take() { current = found } }
        }
        let shard = shards.count == 1 ? 0 : Self.shard(of: topic, current, among: shards.count)
        if flags.identifier != 0 {
            let delivery = Delivery(topic, payload, flags.identifier)
            if redelivery.recognises(delivery, now: arrival) {
                return repeated.store(repeated.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
            }
            deliveries.note(delivery, shard: shard, place: shards[shard].inbox.end)
        }
        shards[shard].inbox.put(
            topic: topic,
            payload: payload,
            arrival: arrival,
            isRetained: isRetained
        )
    }

    /// Wakes every shard that sleeps over a message.
    func wake() {
        for i in 0..<shards.count { shards[i].inbox.wake() }
    }

    /// Which of so many shards a topic's messages belong to; the first one's, if no stream reads them.
    static func shard(of topic: Span<UInt8>, _ intake: borrowing Intake, among count: Int) -> Int {
        guard let device = intake.device(in: topic) else { return 0 }
        return part(of: topic.extracting(device), among: count)
    }
}
