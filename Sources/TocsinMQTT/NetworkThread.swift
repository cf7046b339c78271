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
    let options: MQTTClient.Options
    /// Another one for each connection: libmosquitto would send again what nobody wants twice, and
    /// read certificates only once.
    var handle: MosquittoHandle
    var isHandleUsed = false
    let switchboard: Switchboard
    let handlers: MQTTClient.Handlers

    var generator = SystemRandomNumberGenerator()
    var failures = 0
    var versions: VersionChoice
    var subscriber = Subscriber()
    let publisher: Publisher

    /// The broker's answer to CONNECT; `nil` until it came.
    var answer: Int32?
    var connectedSince: ContinuousClock.Instant?
    /// Why the broker said it would end the connection, if it did.
    var farewell: Int32?
    var lastLogLine = ""
    /// Callbacks that were called so far.
    var callbacks = 0
    /// Messages, and bytes of payload, that were received but not counted in the statistics yet.
    var uncounted = (messages: 0, bytes: 0)
    /// Whether the last look found so much that the next will find something, too.
    var isBusy = false
    /// When the last look at the connection began.
    var lastLook = ContinuousClock.now
    var lastUpkeep = ContinuousClock.now

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

    func takeRenewal() -> Bool {
        switchboard.wishes.withLock { wishes in
            defer { wishes.isRenewalWanted = false }
            return wishes.isRenewalWanted
        }
    }

    func enter(_ activity: MQTTStatistics.Activity) {
        switchboard.activity.store(activity.rawValue, ordering: .releasing)
        showProgress()
    }

    func showProgress() {
        switchboard.progress.add(1, ordering: .relaxed)
    }

    func tell(_ event: MQTTEvent) {
        handlers.event(event)
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
