import CLinux
import Glibc

/// Wakes a thread that waits, from any other: an eventfd.
public struct Wakeup: ~Copyable, Sendable {
    /// Readable while a signal waits; for polls that wait for other things too.
    public let descriptor: Int32

    /// A wakeup without a signal.
    public init() throws(ThreadError) {
        descriptor = clinux_eventfd()
        guard descriptor >= 0 else { throw ThreadError(call: "eventfd", code: errno) }
    }

    deinit {
        close(descriptor)
    }

    /// Lets the poll of this descriptor return, now or next time.
    public func signal() {
        // Cannot fail but for a counter near 2⁶⁴, and then it is readable anyway.
        _ = eventfd_write(descriptor, 1)
    }

    /// Takes the signals back.
    public func clear() {
        var count: eventfd_t = 0
        _ = unsafe eventfd_read(descriptor, &count)
    }

    /// Waits until it was signalled; false if that did not happen in time.
    public func wait(_ timeout: Duration) -> Bool {
        let deadline = ContinuousClock.now + timeout
        while true {
            var set = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let left = deadline - .now
            let result = unsafe poll(&set, 1, left.pollTimeout)
            if result > 0 { return true }
            if result == 0 && ContinuousClock.now >= deadline { return false }
            guard result == 0 || errno == EINTR else { return false }
        }
    }
}

/// What the system would not do for a thread.
public struct ThreadError: Error, Equatable, CustomStringConvertible {
    /// The call that failed.
    public let call: String
    /// The system's error number.
    public let code: Int32

    /// A call that failed, and why.
    public init(call: String, code: Int32) {
        self.call = call
        self.code = code
    }

    public var description: String {
        unsafe "\(call): \(String(cString: strerror(code)))"
    }
}

extension Duration {
    /// In milliseconds, rounded up, and neither negative nor longer than a day.
    public var pollTimeout: Int32 {
        guard self > .zero else { return 0 }
        guard self < .seconds(86_400) else { return 86_400_000 }
        let (seconds, attoseconds) = components
        return Int32(seconds) * 1_000
            + Int32((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
