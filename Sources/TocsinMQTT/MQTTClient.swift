import CMosquitto
import Glibc
import Synchronization
public import TocsinThreads

/// A connection to an MQTT broker which makes itself again whenever it breaks.
///
/// One dedicated thread per client does everything that touches the network: it connects, reads,
/// writes, and waits between attempts. What it finds is told to the ``Handlers`` on that thread; they
/// copy, hand on, and return.
///
/// libmosquitto offers threads and reconnects of its own. They end without a word when a broker
/// refuses the connection, and never try again a broker that was absent at the start, so none of
/// that is used here.
public final class MQTTClient: Sendable {
    /// Who is told.
    ///
    /// All are called on the network thread. What they are given is gone when they return, and
    /// nothing is received or sent until they do.
    public struct Handlers: Sendable {
        /// Takes a message: topic, payload, and what else there is to know.
        ///
        /// Nothing is copied or allocated for it on the way from libmosquitto.
        public var message: @Sendable (Span<UInt8>, Span<UInt8>, MQTTMessageFlags) -> Void

        /// Takes note that no more messages have arrived for now, or that many have.
        ///
        /// The place to wake whoever works on them: once for all instead of once for each.
        public var pause: @Sendable () -> Void

        /// Takes anything else.
        public var event: @Sendable (MQTTEvent) -> Void

        public init(
            message:
                @escaping @Sendable (
                    _ topic: Span<UInt8>,
                    _ payload: Span<UInt8>,
                    _ flags: MQTTMessageFlags
                ) -> Void,
            pause: @escaping @Sendable () -> Void = {},
            event: @escaping @Sendable (MQTTEvent) -> Void
        ) {
            self.message = message
            self.pause = pause
            self.event = event
        }
    }

    /// Where the broker listens.
    public var address: Options.Address { options.address }

    private let switchboard: Switchboard
    private let options: Options
    private let handlers: Handlers
    /// The handle, until the network thread takes it.
    private let prepared: Mutex<MosquittoHandle?>

    /// Prepares a client; nothing happens before ``start()``.
    ///
    /// Throws where the options contradict themselves or name a file that cannot be read.
    ///
    /// - Parameter posts: rings for messages of QoS 0, one for each thread that posts; by default one
    public init(
        _ options: Options,
        posts: [ByteRing] = [],
        handlers: Handlers
    ) throws(MQTTError) {
        self.options = options
        self.handlers = handlers
        switchboard = try Switchboard(options, posts: posts)
        prepared = Mutex(try MosquittoHandle(options))
    }

    deinit {
        requestStop(by: .now)
    }

    /// Starts the network thread; does nothing the second time.
    ///
    /// The broker need not be there yet.
    public func start() throws(MQTTError) {
        let handle = prepared.withLock { handle in
            defer { handle = nil }
            return handle
        }
        guard let handle else { return }
        try NetworkThread.start(
            options,
            handle: handle,
            switchboard: switchboard,
            handlers: handlers
        )
    }

    /// Wants exactly these subscriptions from now on, on this connection and on every later one.
    ///
    /// Of two with the same filter the last one counts. Answered by ``MQTTEvent/subscribed(_:)``, and
    /// by ``MQTTEvent/filterRefused(_:_:)`` for each that the broker does not grant.
    public func setSubscriptions(_ subscriptions: [MQTTSubscription]) {
        switchboard.wishes.withLock { wishes in
            wishes.subscriptions = subscriptions
            wishes.subscriptionsRevision += 1
        }
        switchboard.wakeup.signal()
    }

    /// Takes in a message for publishing at QoS 1.
    ///
    /// May be called on any thread, and neither waits nor touches the network. The message is kept
    /// until it is acknowledged, and sent in order. Answered by
    /// ``MQTTEvent/published(_:)`` or ``MQTTEvent/publishFailed(_:_:)``, which may be told before this
    /// returns.
    ///
    /// - Parameters:
    ///   - isRepeated: whether it is sent again where the connection ends before the broker's answer,
    ///     which may make two of it; if not, it fails as
    ///     ``MQTTPublishFailure/interrupted(mayHaveArrived:)``
    ///   - expiry: after how long the message is not worth delivering any more; counts here and, where
    ///     MQTT 5 is spoken, at the broker
    ///   - owner: whose it is; as in the token
    public func publish(
        topic: String,
        payload: [UInt8],
        isRetained: Bool = false,
        isRepeated: Bool = true,
        expiry: Duration? = nil,
        owner: Int = 0
    ) throws(MQTTPublishRefusal) -> MQTTToken {
        guard topic.isPublishable else {
            switchboard.dropped.add(1, ordering: .relaxed)
            throw .invalidTopic(topic)
        }
        let deadline = expiry.map { ContinuousClock.now + $0 }
        let result = switchboard.wishes.withLock {
            (wishes) -> Result<(MQTTToken, wasEmpty: Bool), MQTTPublishRefusal> in
            guard wishes.stopDeadline == nil else { return .failure(.stopped) }
            let wasEmpty = wishes.outgoing.isEmpty
            let message = OutgoingMessage(
                token: MQTTToken(number: wishes.nextToken, owner: owner),
                topic: topic,
                payload: payload,
                isRetained: isRetained,
                isRepeated: isRepeated,
                deadline: deadline
            )
            guard wishes.outgoing.append(message) else { return .failure(.queueFull) }
            wishes.nextToken += 1
            return .success((message.token, wasEmpty: wasEmpty))
        }
        switch result {
        case .success(let (token, wasEmpty)):
            // Whoever leaves something in the queue looks at it again, so one signal is enough.
            if wasEmpty { switchboard.wakeup.signal() }
            return token
        case .failure(let refusal):
            switchboard.dropped.add(1, ordering: .relaxed)
            throw refusal
        }
    }

    /// Takes in a message for publishing at QoS 0, which is not worth keeping.
    ///
    /// Copies it; allocates nothing, takes no lock and tells nobody what became of it. One thread
    /// may call this at a time. Before the first connection it waits for that. Later it is refused
    /// without a connection, and always where too much waits already; what
    /// still waits when the connection breaks is lost, and counted in
    /// ``MQTTStatistics/lostPosts``.
    ///
    /// - Parameters:
    ///   - ring: which of the rings; one thread each
    ///   - isShown: whether it is on its way now; if not, the ring's owner shows it, and calls
    ///     ``sendPosts()``
    public func post(
        _ topic: MQTTTopic,
        _ payload: Span<UInt8>,
        ring: Int = 0,
        isShown: Bool = true
    ) throws(MQTTPublishRefusal) {
        guard
            switchboard.isConnected.load(ordering: .relaxed)
                || switchboard.connects.load(ordering: .relaxed) == 0
        else {
            switchboard.dropped.add(1, ordering: .relaxed)
            throw .notConnected
        }
        guard switchboard.posts.put(topic: topic.bytes.span, payload: payload, ring: ring)
        else {
            switchboard.dropped.add(1, ordering: .relaxed)
            throw .queueFull
        }
        guard isShown else { return }
        switchboard.posts.show(ring: ring)
        sendPosts()
    }

    /// Sends what was posted and is shown.
    public func sendPosts() {
        if switchboard.isSleeping.load(ordering: .sequentiallyConsistent),
            !switchboard.posts.isEmpty,
            switchboard.isSleeping.exchange(false, ordering: .sequentiallyConsistent)
        {
            switchboard.wakeup.signal()
        }
    }

    /// Drops the connection and makes a new one, for when it is up but nothing arrives.
    public func renew() {
        switchboard.wishes.withLock { $0.isRenewalWanted = true }
        switchboard.wakeup.signal()
    }

    /// Publishes what waits, says goodbye to the broker, and ends the network thread.
    ///
    /// Waits for that, so it must not be called by a handler. Without a connection nothing is waited
    /// for but the thread.
    ///
    /// - Parameter limit: when to give up on what waits; it is then counted as dropped
    /// - Returns: whether the thread has ended. It has not if it is inside the resolver or a blocking
    ///   connect; it then ends when these give up (see ``Options/connectTimeout``), having called no
    ///   handler after this returned
    @discardableResult
    public func stop(within limit: Duration = .seconds(5)) -> Bool {
        let wasStarted = prepared.withLock { handle in
            defer { handle = nil }
            return handle == nil
        }
        requestStop(by: .now + limit)
        guard wasStarted else { return true }
        // The grace beyond the limit is for the thread to notice; inside connect it cannot.
        let isConnecting =
            switchboard.activity.load(ordering: .acquiring)
            == MQTTStatistics.Activity.connecting.rawValue
        return switchboard.finished.wait(isConnecting ? limit : limit + .seconds(1))
    }

    private func requestStop(by deadline: ContinuousClock.Instant) {
        switchboard.wishes.withLock { wishes in
            wishes.stopDeadline = min(wishes.stopDeadline ?? deadline, deadline)
        }
        switchboard.wakeup.signal()
    }

    /// What the client has done so far.
    public var statistics: MQTTStatistics {
        let (queued, queuedBytes) = switchboard.wishes.withLock {
            ($0.outgoing.count, $0.outgoing.bytes)
        }
        return MQTTStatistics(
            activity: .init(rawValue: switchboard.activity.load(ordering: .relaxed)) ?? .idle,
            progress: switchboard.progress.load(ordering: .relaxed),
            connects: switchboard.connects.load(ordering: .relaxed),
            received: switchboard.received.load(ordering: .relaxed),
            receivedBytes: switchboard.receivedBytes.load(ordering: .relaxed),
            sent: switchboard.sent.load(ordering: .relaxed),
            dropped: switchboard.dropped.load(ordering: .relaxed),
            lostPosts: switchboard.lostPosts.load(ordering: .relaxed),
            queued: queued + switchboard.posts.count,
            queuedBytes: queuedBytes + switchboard.posts.bytes
        )
    }
}
