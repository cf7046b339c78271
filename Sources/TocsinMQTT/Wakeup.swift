import CLinux
import Glibc

/// Wakes a thread that polls.
struct Wakeup: ~Copyable, Sendable {
    let descriptor: Int32

    init() throws(MQTTError) {
        descriptor = clinux_eventfd()
        guard descriptor >= 0 else { throw MQTTError(MQTTError.Code.system, in: "eventfd") }
    }

    deinit {
        close(descriptor)
    }

    /// Lets the poll of this descriptor return, now or next time.
    func signal() {
        // Cannot fail but for a counter near 2⁶⁴, and then it is readable anyway.
        _ = eventfd_write(descriptor, 1)
    }

    /// Takes the signals back.
    func clear() {
        var count: eventfd_t = 0
        _ = unsafe eventfd_read(descriptor, &count)
    }

    /// Waits until it was signalled; false if that did not happen in time.
    func wait(_ timeout: Duration) -> Bool {
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

extension Duration {
    /// In milliseconds, rounded up, and neither negative nor longer than a day.
    var pollTimeout: Int32 {
        guard self > .zero else { return 0 }
        guard self < .seconds(86_400) else { return 86_400_000 }
        let (seconds, attoseconds) = components
        return Int32(seconds) * 1_000
            + Int32((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
