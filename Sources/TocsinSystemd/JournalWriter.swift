import CLinux
import Glibc
import Synchronization
import TocsinThreads

/// Sends entries to journald from a thread of its own, so that nobody waits for journald.
///
/// journald makes its senders wait when it does not read, for as long as that lasts. So entries queue
/// here, in bounded number and size; those that find the queue full are counted, and the count is
/// logged when there is room again.
public final class JournalWriter: Sendable {
    private let queue: EntryQueue

    /// Starts the thread.
    public convenience init() {
        self.init(limits: .init()) { $0.send() }
    }

    /// How much may wait.
    struct Limits {
        var entries = 10_000
        var bytes = 8 << 20
    }

    init(limits: Limits, send: @escaping @Sendable (JournalEntry) -> Int32) {
        queue = EntryQueue(limits: limits, send: send)
        queue.startThread()
    }

    deinit {
        queue.close()
    }

    /// Takes in an entry, or counts it if there is no room.
    func write(_ entry: JournalEntry) {
        queue.append(entry)
    }

    /// Waits until everything that was taken in before has been sent; false if that took too long.
    @discardableResult
    public func flush(within limit: Duration = .seconds(2)) -> Bool {
        queue.flush(within: limit)
    }

    /// How many entries were lost so far: because the queue was full, or because journald would not
    /// have them.
    public var lost: Int { queue.lost }
}

private final class EntryQueue: Sendable {
    private struct State {
        var entries: [JournalEntry] = []
        /// How many entries wait, those that the thread took out included.
        var count = 0
        /// Their size.
        var bytes = 0
        /// Entries lost since this was last logged.
        var suppressed = 0
        var lost = 0
        var isClosed = false
        var waiters: [Signal] = []
    }

    private let limits: JournalWriter.Limits
    private let send: @Sendable (JournalEntry) -> Int32
    private let state = Mutex(State())
    private let news = Signal()

    init(limits: JournalWriter.Limits, send: @escaping @Sendable (JournalEntry) -> Int32) {
        self.limits = limits
        self.send = send
    }

    var lost: Int { state.withLock(\.lost) }

    func append(_ entry: JournalEntry) {
        let wasEmpty = state.withLock { state in
            guard
                state.count < limits.entries,
                state.bytes + entry.bytes.count <= limits.bytes
            else {
                state.suppressed += 1
                state.lost += 1
                return false
            }
            state.entries.append(entry)
            state.count += 1
            state.bytes += entry.bytes.count
            return state.entries.count == 1
        }
        if wasEmpty { news.raise() }
    }

    func flush(within limit: Duration) -> Bool {
        let done = Signal()
        let isWaiting = state.withLock { state in
            guard state.count > 0 else { return false }
            state.waiters.append(done)
            return true
        }
        return !isWaiting || done.wait(limit)
    }

    func close() {
        state.withLock { $0.isClosed = true }
        news.raise()
    }

    func startThread() {
        do {
            try DedicatedThread.start("journal") { self.run() }
        } catch {
            // Without a thread everything is counted as lost, which is all that can be done about it.
        }
    }

    private func run() {
        while true {
            let (batch, isClosed) = state.withLock { state in
                defer { state.entries = [] }
                return (state.entries, state.isClosed)
            }
            if batch.isEmpty {
                if isClosed { return }
                news.wait(nil)
                news.clear()
                continue
            }
            for entry in batch { sendOne(entry) }
            reportSuppressed()
            finishBatch()
        }
    }

    private func sendOne(_ entry: JournalEntry) {
        let result = send(entry)
        state.withLock { state in
            state.count -= 1
            state.bytes -= entry.bytes.count
            guard result < 0 else { return }
            state.suppressed += 1
            state.lost += 1
        }
    }

    private func reportSuppressed() {
        let count = state.withLock { state in
            defer { state.suppressed = 0 }
            return state.suppressed
        }
        guard count > 0 else { return }
        var entry = JournalEntry()
        entry.append("MESSAGE", "suppressed \(count) entries while the journal was not reading")
        entry.append("PRIORITY", String(LOG_WARNING))
        entry.append("SYSLOG_IDENTIFIER", "tocsin")
        entry.append("TOCSIN_SUPPRESSED", String(count))
        // If this one is lost too, the next one must still have the number.
        if send(entry) < 0 { state.withLock { $0.suppressed += count } }
    }

    private func finishBatch() {
        let waiters = state.withLock { state -> [Signal] in
            guard state.count == 0 else { return [] }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.raise() }
    }
}

/// Something that a thread can wait for.
private final class Signal: Sendable {
    private let descriptor = clinux_eventfd()

    deinit {
        close(descriptor)
    }

    func raise() {
        // Cannot fail but for a counter near 2⁶⁴, and then it is readable anyway.
        _ = eventfd_write(descriptor, 1)
    }

    func clear() {
        var count: eventfd_t = 0
        _ = unsafe eventfd_read(descriptor, &count)
    }

    /// Waits until it was raised, or for ever without a limit.
    @discardableResult
    func wait(_ limit: Duration?) -> Bool {
        let deadline = limit.map { ContinuousClock.now + $0 }
        while true {
            // A second at most, so that the clock decides and not the rounding to milliseconds.
            let left = deadline.map { min(max($0 - .now, .zero), .seconds(1)) } ?? .seconds(1)
            let milliseconds = left.components.attoseconds / 1_000_000_000_000_000 + 1
            var set = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let timeout = Int32(left.components.seconds * 1_000 + milliseconds)
            if unsafe poll(&set, 1, deadline == nil ? -1 : timeout) > 0 { return true }
            if let deadline, ContinuousClock.now >= deadline { return false }
        }
    }
}
