import Foundation
import Testing
import TocsinSystemd

/// Serialised because they change the environment of the process.
@Suite(.serialized)
struct ServiceManagerTests {
    @Test func `readiness and status travel in one datagram`() throws {
        let socket = try NotifySocket()
        #expect(ServiceManager().ready(status: "watching 3 devices"))
        #expect(try socket.receive() == "READY=1\nSTATUS=watching 3 devices")
    }

    @Test func `a status of several lines stays one assignment`() throws {
        let socket = try NotifySocket()
        ServiceManager().status("one\nSTOPPING=1\r\ntwo")
        #expect(try socket.receive() == "STATUS=one STOPPING=1 two")
    }

    @Test func `a reload says when it began`() throws {
        let socket = try NotifySocket()
        let before = DispatchTime.now().uptimeNanoseconds / 1_000
        ServiceManager().reloading()
        let after = DispatchTime.now().uptimeNanoseconds / 1_000
        let lines = try socket.receive().split(separator: "\n")
        #expect(lines.first == "RELOADING=1")
        let time = try #require(lines.last?.split(separator: "=").last.flatMap { UInt64($0) })
        #expect((before...after).contains(time))
        #expect(lines.last?.hasPrefix("MONOTONIC_USEC=") == true)
    }

    @Test func `stopping and the watchdog have their words`() throws {
        let socket = try NotifySocket()
        ServiceManager().stopping()
        #expect(try socket.receive() == "STOPPING=1")
        ServiceManager().pingWatchdog()
        #expect(try socket.receive() == "WATCHDOG=1")
    }

    @Test func `the watchdog is pinged twice as often as it asks`() {
        setenv("WATCHDOG_USEC", "3000000", 1)
        setenv("WATCHDOG_PID", "\(getpid())", 1)
        defer {
            unsetenv("WATCHDOG_USEC")
            unsetenv("WATCHDOG_PID")
        }
        #expect(ServiceManager().watchdogInterval == .milliseconds(1_500))
        setenv("WATCHDOG_PID", "\(getpid() + 1)", 1)
        #expect(ServiceManager().watchdogInterval == nil, "meant for somebody else")
    }

    @Test func `nothing happens where there is no manager`() {
        unsetenv("NOTIFY_SOCKET")
        let manager = ServiceManager()
        #expect(!manager.ready(status: "ready"))
        #expect(!manager.pingWatchdog())
        #expect(manager.watchdogInterval == nil)
    }
}

/// A datagram socket that `$NOTIFY_SOCKET` names while it exists.
private final class NotifySocket {
    private let descriptor: Int32
    private let path: String

    init() throws {
        path =
            FileManager.default.temporaryDirectory
            .appendingPathComponent("notify-\(UUID().uuidString.prefix(8))").path
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(result == 0)
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(
            descriptor,
            SOL_SOCKET,
            SO_RCVTIMEO,
            &limit,
            socklen_t(MemoryLayout<timeval>.size)
        )
        setenv("NOTIFY_SOCKET", path, 1)
    }

    deinit {
        unsetenv("NOTIFY_SOCKET")
        close(descriptor)
        unlink(path)
    }

    /// The next datagram.
    func receive() throws -> String {
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        try #require(count >= 0, "no datagram came")
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}
