import CSystemd
import Glibc

/// What systemd is told, and what it asks for.
///
/// Does nothing where nobody set `NOTIFY_SOCKET`, which is everywhere but in a service. Each function
/// returns whether the message was sent.
public struct ServiceManager: Sendable {
    /// How often to ping, which is half of what systemd allows; `nil` where it does not watch.
    public let watchdogInterval: Duration?

    public init() {
        var timeout: UInt64 = 0
        let isWatched = unsafe sd_watchdog_enabled(0, &timeout) > 0
        watchdogInterval = isWatched ? .microseconds(Int64(clamping: timeout / 2)) : nil
    }

    /// Startup, or a reload, is over.
    @discardableResult
    public func ready(status: String) -> Bool {
        notify("READY=1\nSTATUS=\(oneLine(status))")
    }

    /// Changes the line that `systemctl status` shows.
    @discardableResult
    public func status(_ status: String) -> Bool {
        notify("STATUS=\(oneLine(status))")
    }

    /// A reload begins; ``ready(status:)`` ends it.
    @discardableResult
    public func reloading() -> Bool {
        var now = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &now)
        // systemd compares this with the time at which it sent the signal.
        return notify("RELOADING=1\nMONOTONIC_USEC=\(now.tv_sec * 1_000_000 + now.tv_nsec / 1_000)")
    }

    /// Shutdown begins.
    @discardableResult
    public func stopping() -> Bool {
        notify("STOPPING=1")
    }

    /// Shows that the service makes progress.
    @discardableResult
    public func pingWatchdog() -> Bool {
        notify("WATCHDOG=1")
    }

    private func notify(_ state: String) -> Bool {
        unsafe sd_notify(0, state) > 0
    }

    /// A line break would begin another assignment.
    private func oneLine(_ text: String) -> String {
        String(text.map { $0.isNewline || $0 == "\0" ? " " : $0 })
    }
}
