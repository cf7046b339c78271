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

    /// What the service manager kept for this process, by name; only the first time.
    ///
    /// Source: sd_listen_fds_with_names(3). The descriptors are closed when this process starts
    /// another.
    public func takeStored() -> [(name: String, descriptor: Int32)] {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = unsafe sd_listen_fds_with_names(1, &names)
        guard count > 0 else { return [] }
        defer { unsafe free(names) }
        return (0..<Int(count)).map { i in
            let name = unsafe names?[i]
            defer { unsafe free(name) }
            return (unsafe name.map { unsafe String(cString: $0) } ?? "", Int32(3 + i))
        }
    }

    /// Lets the service manager keep a descriptor for the next process of this service.
    ///
    /// Source: sd_pid_notify_with_fds(3), `FDSTORE=1`; the unit's `FileDescriptorStoreMax=` says how
    /// many it keeps.
    @discardableResult
    public func store(_ descriptor: Int32, name: String) -> Bool {
        var descriptor = descriptor
        return unsafe sd_pid_notify_with_fds(0, 0, "FDSTORE=1\nFDNAME=\(name)", &descriptor, 1) > 0
    }

    /// Lets the service manager close what it keeps under a name.
    @discardableResult
    public func removeStored(_ name: String) -> Bool {
        notify("FDSTOREREMOVE=1\nFDNAME=\(name)")
    }

    private func notify(_ state: String) -> Bool {
        unsafe sd_notify(0, state) > 0
    }

    /// A line break would begin another assignment.
    private func oneLine(_ text: String) -> String {
        String(text.map { $0.isNewline || $0 == "\0" ? " " : $0 })
    }
}
