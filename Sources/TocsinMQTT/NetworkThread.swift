import CLinux
import CMosquitto
import Glibc
import Synchronization
import TocsinThreads

/// The thread that owns a connection: connects, serves it until it breaks, waits, and begins again.
///
/// Everything here runs on that thread, libmosquitto's callbacks included, because they are called
/// from within its calls.
final class NetworkThread {
    private let options: MQTTClient.Options
    /// Another one for each connection: libmosquitto would send again what nobody wants twice, and
    /// read certificates only once.
    private var handle: MosquittoHandle
    private var isHandleUsed = false
    private let switchboard: Switchboard
    private let handlers: MQTTClient.Handlers

    private var generator = SystemRandomNumberGenerator()
    private var failures = 0
    private var versions: VersionChoice
    private var subscriber = Subscriber()
    private let publisher: Publisher

    /// The broker's answer to CONNECT; `nil` until it came.
    private var answer: Int32?
    private var connectedSince: ContinuousClock.Instant?
    /// Why the broker said it would end the connection, if it did.
    private var farewell: Int32?
    private var lastLogLine = ""
    /// Callbacks that were called so far.
    private var callbacks = 0
    /// Messages, and bytes of payload, that were received but not counted in the statistics yet.
    private var uncounted = (messages: 0, bytes: 0)
    /// Whether the last look found so much that the next will find something, too.
    private var isBusy = false
    /// When the last look at the connection began.
    private var lastLook = ContinuousClock.now
    private var lastUpkeep = ContinuousClock.now

    init(
        _ options: MQTTClient.Options,
        handle: MosquittoHandle,
        switchboard: Switchboard,
        handlers: MQTTClient.Handlers
    ) {
        self.options = options
        self.handle = handle
        self.switchboard = switchboard
        self.handlers = handlers
        versions = VersionChoice(options.versions)
        publisher = Publisher(
            switchboard,
            sendMaximum: options.sendMaximum,
            tell: handlers.event
        )
    }

    /// Starts a thread which keeps everything it was given until it ends.
    static func start(
        _ options: MQTTClient.Options,
        handle: MosquittoHandle,
        switchboard: Switchboard,
        handlers: MQTTClient.Handlers
    ) throws(MQTTError) {
        let thread = NetworkThread(
            options,
            handle: handle,
            switchboard: switchboard,
            handlers: handlers
        )
        let retained = unsafe Unmanaged.passRetained(thread)
        var id = pthread_t()
        let result = unsafe pthread_create(&id, nil, networkThreadMain, retained.toOpaque())
        guard result == 0 else {
            unsafe retained.release()
            errno = result
            throw MQTTError(MQTTError.Code.system, in: "pthread_create")
        }
        // Nobody joins it: stop() waits with a time limit, which pthread_join has not.
        pthread_detach(id)
    }

    /// Runs until told to stop; returns what must still be told that it has.
    fileprivate func run() -> Switchboard {
        handle.setReceiver(self)
        while switchboard.stopDeadline == nil {
            let begin = ContinuousClock.now
            let error = connectAndServe()
            switchboard.isConnected.store(false, ordering: .relaxed)
            if switchboard.connects.load(ordering: .relaxed) > 0 { publisher.dropPosts() }
            if connectedSince != nil, switchboard.stopDeadline == nil { publisher.interrupt() }
            guard switchboard.stopDeadline == nil, let error else { break }
            if versions.turnsTo311(answer: answer, error: error) { continue }
            if let since = connectedSince, since.duration(to: .now) >= options.backOff.settled {
                failures = 0
            }
            // An attempt that was in vain was a pause as long as it lasted.
            let spent = connectedSince == nil ? begin.duration(to: .now) : .zero
            let pause = options.backOff.pause(
                afterFailures: failures,
                spent: spent,
                using: &generator
            )
            failures += 1
            tell(.disconnected(error, retryIn: pause))
            wait(pause)
        }
        let left = switchboard.wishes.withLock { $0.outgoing.count }
        switchboard.dropped.add(UInt64(left), ordering: .relaxed)
        return switchboard
    }

    /// Returns why the connection ended, or `nil` if it was told to stop.
    private func connectAndServe() -> MQTTError? {
        answer = nil
        connectedSince = nil
        farewell = nil
        lastLogLine = ""
        enter(.connecting)
        do {
            if isHandleUsed {
                handle = try MosquittoHandle(options)
                handle.setReceiver(self)
            }
            isHandleUsed = true
            handle.setListensToLog(true)
            try handle.connect(versions.current)
            enter(.negotiating)
            try serve()
            return nil
        } catch {
            handle.abandon()
            return explained(error)
        }
    }

    /// Serves a connection until it breaks, which is thrown, or until told to stop.
    private func serve() throws(MQTTError) {
        let answerDeadline = ContinuousClock.now + options.answerTimeout
        var isConnected = false
        var mayHaveMore = false
        while true {
            if answer == 0 && !isConnected {
                isConnected = true
                // Not in the callback, where this would wait for itself.
                handle.setListensToLog(false)
            }
            if isConnected {
                try subscriber.update(switchboard, handle, versions.current)
                if publisher.handOver(to: handle, versions.current) { mayHaveMore = true }
                reportSubscriptions()
            } else if ContinuousClock.now >= answerDeadline {
                throw MQTTError(MQTTError.Code.timeout, in: "CONNECT")
            }
            if let deadline = switchboard.stopDeadline {
                let isDone = !isConnected || publisher.isDone
                if isDone || ContinuousClock.now >= deadline { return sayGoodbye(deadline) }
            }
            if takeRenewal() { throw .renewal }
            mayHaveMore = try round(mayHaveMore: mayHaveMore)
        }
    }

    /// Waits for something to do and does it; true if more can be done without waiting.
    private func round(mayHaveMore: Bool) throws(MQTTError) -> Bool {
        showProgress()
        var hasMore = false
        if try waitForWork(mayHaveMore: mayHaveMore) {
            hasMore = try drain()
        } else {
            isBusy = false
        }
        if handle.socket >= 0 && handle.wantsWrite {
            // Acknowledgements of a busy connection travel together.
            let isBurst = isBusy
            if isBurst { handle.setCorked(true) }
            defer { if isBurst { handle.setCorked(false) } }
            try handle.write()
        }
        try checkSocket()
        if lastLook - lastUpkeep >= .milliseconds(900) {
            lastUpkeep = lastLook
            try handle.keepUp()
            try checkSocket()
        }
        return hasMore
    }

    /// Waits until there is something to do, and then until the last look is long enough ago; true
    /// if there may be something to read.
    ///
    /// Under load each look finds many messages, and costs one wake-up for all of them; a message
    /// that comes after a pause is read at once.
    private func waitForWork(mayHaveMore: Bool) throws(MQTTError) -> Bool {
        // More will have come until then: no need to be told.
        if !mayHaveMore, isBusy { keepApart() }
        var timeout: Int32 = 1_000
        if let deadline = switchboard.stopDeadline {
            timeout = min(timeout, max(1, (deadline - .now).pollTimeout))
        }
        // What is posted from here on wakes this thread; what was posted before is seen here.
        switchboard.isSleeping.store(true, ordering: .sequentiallyConsistent)
        let isPosted = !switchboard.posts.isEmpty && !handle.wantsWrite
        if mayHaveMore || isPosted { timeout = 0 }

        let events = Int16(POLLIN) | (handle.wantsWrite ? Int16(POLLOUT) : 0)
        let network = pollfd(fd: handle.socket, events: events, revents: 0)
        let wakeup = pollfd(fd: switchboard.wakeup.descriptor, events: Int16(POLLIN), revents: 0)
        var set: InlineArray<2, pollfd> = [network, wakeup]
        var span = set.mutableSpan
        let result = unsafe span.withUnsafeMutableBufferPointer {
            unsafe poll($0.baseAddress, 2, timeout)
        }
        let code = errno
        switchboard.isSleeping.store(false, ordering: .relaxed)
        guard result >= 0 || code == EINTR else {
            errno = code
            throw MQTTError(MQTTError.Code.system, in: "poll")
        }
        let isSignalled = result > 0 && set[1].revents != 0
        if isSignalled { switchboard.wakeup.clear() }
        // A wish, such as a QoS 1 message, is not held up.
        let isWish = isSignalled && switchboard.posts.isEmpty
        if !mayHaveMore, !isWish, result > 0 || isPosted { keepApart() }
        lastLook = .now
        guard result > 0 else { return mayHaveMore }
        return mayHaveMore || set[0].revents & ~Int16(POLLOUT) != 0
    }

    /// Lets time pass until the last look is long enough ago, or somebody has a wish.
    private func keepApart() {
        let early = options.gathering - (.now - lastLook)
        if early > .zero { _ = switchboard.wakeup.wait(early) }
    }

    /// Reads until nothing is left, but not for ever; true if something is left.
    private func drain() throws(MQTTError) -> Bool {
        let first = callbacks
        defer {
            tellPause()
            isBusy = callbacks - first >= 4
        }
        for i in 1...512 {
            let before = callbacks
            let isEmpty = try handle.read()
            try checkSocket()
            // A callback may have left EAGAIN behind; then there may still be more.
            if isEmpty && callbacks == before { return false }
            if i % 64 == 0 { tellPause() }
        }
        return true
    }

    private func tellPause() {
        guard uncounted.messages > 0 else { return }
        switchboard.received.add(UInt64(uncounted.messages), ordering: .relaxed)
        switchboard.receivedBytes.add(UInt64(uncounted.bytes), ordering: .relaxed)
        uncounted = (0, 0)
        handlers.pause()
    }

    /// libmosquitto closes the socket without an error when the broker sent DISCONNECT.
    private func checkSocket() throws(MQTTError) {
        guard handle.socket < 0 else { return }
        throw MQTTError(
            code: MQTTError.Code.lost,
            call: "mosquitto_loop_read",
            reason: nil,
            detail: ""
        )
    }

    private func reportSubscriptions() {
        for refusal in subscriber.takeRefusals() {
            tell(.filterRefused(refusal.filter, refusal.error(versions.current)))
        }
        if let granted = subscriber.takeCompletion() { tell(.subscribed(granted)) }
    }

    private func sayGoodbye(_ deadline: ContinuousClock.Instant) {
        guard handle.socket >= 0, answer == 0 else { return }
        handle.disconnect()
        // DISCONNECT itself gets a moment, even if the messages before it took all the time there was.
        let last = max(deadline, ContinuousClock.now + .milliseconds(200))
        while handle.socket >= 0, handle.wantsWrite, ContinuousClock.now < last {
            var set = pollfd(fd: handle.socket, events: Int16(POLLOUT), revents: 0)
            _ = unsafe poll(&set, 1, (last - .now).pollTimeout)
            do { try handle.write() } catch { return }
        }
    }

    /// What an error means, given what the broker said.
    private func explained(_ error: MQTTError) -> MQTTError {
        if let answer, answer != 0 {
            return MQTTError(reason: answer, packet: "CONNACK", version: versions.current)
        }
        if let farewell { return MQTTError(reason: farewell, packet: "DISCONNECT", version: .v5) }
        if error.detail.isEmpty && !lastLogLine.isEmpty { return error.with(detail: lastLogLine) }
        return error
    }

    private func wait(_ pause: Duration) {
        enter(.waiting)
        let deadline = ContinuousClock.now + pause
        while switchboard.stopDeadline == nil, ContinuousClock.now < deadline {
            showProgress()
            // A second at most, to show progress.
            if switchboard.wakeup.wait(min(deadline - .now, .seconds(1))) {
                switchboard.wakeup.clear()
            }
            if takeRenewal() { return }
        }
    }

    private func takeRenewal() -> Bool {
        switchboard.wishes.withLock { wishes in
            defer { wishes.isRenewalWanted = false }
            return wishes.isRenewalWanted
        }
    }

    private func enter(_ activity: MQTTStatistics.Activity) {
        switchboard.activity.store(activity.rawValue, ordering: .releasing)
        showProgress()
    }

    private func showProgress() {
        switchboard.progress.add(1, ordering: .relaxed)
    }

    private func tell(_ event: MQTTEvent) {
        handlers.event(event)
    }
}

extension NetworkThread {
    func didConnect(code: Int32, flags: Int32) {
        callbacks += 1
        answer = code
        guard code == 0 else { return }
        connectedSince = .now
        lastLogLine = ""
        enter(.connected)
        switchboard.connects.add(1, ordering: .relaxed)
        // Whatever slipped in while the last connection ended; but what an earlier process left goes.
        if switchboard.connects.load(ordering: .relaxed) > 1 { publisher.dropPosts() }
        switchboard.isConnected.store(true, ordering: .relaxed)
        versions.succeeded()
        subscriber.reset()
        // Told here, because messages may follow before the call that reads them returns.
        tell(.connected(sessionPresent: flags & 1 != 0, version: versions.current))
    }

    func didDisconnect(code: Int32) {
        callbacks += 1
        // Smaller ones are libmosquitto's own codes, which its calls return as well.
        if code >= 0x80 { farewell = code }
    }

    func didSubscribe(identifier: Int32, granted: Int32) {
        callbacks += 1
        subscriber.answered(identifier: identifier, code: granted)
    }

    func didUnsubscribe(identifier: Int32) {
        callbacks += 1
        subscriber.answered(identifier: identifier, code: 0)
    }

    func didPublish(identifier: Int32, code: Int32) {
        callbacks += 1
        publisher.acknowledged(identifier: identifier, code: code)
    }

    func didReceive(topic: Span<UInt8>, payload: Span<UInt8>, flags: MQTTMessageFlags) {
        callbacks += 1
        uncounted.messages += 1
        uncounted.bytes += payload.count
        handlers.message(topic, payload, flags)
    }

    func didLog(_ line: String) {
        lastLogLine = line
    }
}

/// What pthread_create starts: takes over the reference it is given.
private func networkThreadMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument = unsafe argument else { return nil }
    var signals = sigset_t()
    // Signals are for the threads of the program.
    unsafe sigfillset(&signals)
    unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
    unsafe pthread_setname_np(pthread_self(), "mqtt")
    let thread = unsafe Unmanaged<NetworkThread>.fromOpaque(argument)
    let switchboard = unsafe thread.takeUnretainedValue().run()
    // Whoever waits for the end may count on the socket being closed.
    unsafe thread.release()
    switchboard.activity.store(MQTTStatistics.Activity.stopped.rawValue, ordering: .releasing)
    switchboard.finished.signal()
    return nil
}
