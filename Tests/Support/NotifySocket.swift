import Foundation
import Synchronization

/// The service manager as a program sees it: a datagram socket, named by `$NOTIFY_SOCKET`.
public final class NotifySocket: Sendable {
    /// What goes into the program's environment.
    public let path: String
    private let folder: TemporaryFolder
    private let descriptor: Int32
    private let heard = Mutex(Heard())

    private struct Heard {
        var assignments: [String] = []
        var stored: [Stored] = []
    }

    /// A descriptor that the program wants to have again when it starts the next time.
    public struct Stored: Sendable {
        public let name: String
        public let descriptor: Int32
    }

    public init() throws {
        folder = try TemporaryFolder()
        path = folder.path("notify")
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        guard withUnixAddress(path, { bind(descriptor, $0, $1) }) == 0 else {
            throw POSIXError(.EADDRINUSE)
        }
    }

    deinit {
        close(descriptor)
    }

    /// Every assignment that came so far, such as `READY=1`, in order; those about descriptors are
    /// carried out instead.
    public var assignments: [String] {
        heard.withLock { heard in
            while let (text, descriptors) = receive() {
                take(text, descriptors, &heard)
            }
            return heard.assignments
        }
    }

    /// What the program has given to keep.
    public var stored: [Stored] {
        _ = assignments
        return heard.withLock { $0.stored }
    }

    /// Forgets what was kept, as systemd does when a service has stopped for good.
    public func forget() {
        _ = assignments
        heard.withLock { heard in
            for kept in heard.stored { close(kept.descriptor) }
            heard.stored = []
        }
    }

    private func take(_ text: String, _ descriptors: [Int32], _ heard: inout Heard) {
        let lines = text.split(separator: "\n").map(String.init)
        let name = lines.first { $0.hasPrefix("FDNAME=") }.map { String($0.dropFirst(7)) } ?? ""
        if lines.contains("FDSTORE=1") {
            heard.stored += descriptors.map { Stored(name: name, descriptor: $0) }
        } else if lines.contains("FDSTOREREMOVE=1") {
            for kept in heard.stored where kept.name == name { close(kept.descriptor) }
            heard.stored.removeAll { $0.name == name }
        } else {
            heard.assignments += lines
        }
    }

    /// One message and the descriptors with it (unix(7), cmsg(3)).
    private func receive() -> (String, [Int32])? {
        var bytes = [UInt8](repeating: 0, count: 4_096)
        var control = [UInt64](repeating: 0, count: 32)
        let controlSize = control.count * 8
        return bytes.withUnsafeMutableBytes { bytes in
            control.withUnsafeMutableBytes { control in
                var part = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
                return withUnsafeMutablePointer(to: &part) { part in
                    var message = msghdr()
                    message.msg_iov = part
                    message.msg_iovlen = 1
                    message.msg_control = control.baseAddress
                    message.msg_controllen = controlSize
                    let flags = Int32(MSG_DONTWAIT) | Int32(MSG_CMSG_CLOEXEC)
                    let count = recvmsg(descriptor, &message, flags)
                    guard count > 0 else { return nil }
                    var found: [Int32] = []
                    // One head of 16 bytes (length, level, type), then the descriptors.
                    if message.msg_controllen >= 16 {
                        let length = control.load(as: Int.self)
                        let type = control.load(fromByteOffset: 12, as: Int32.self)
                        if type == Int32(SCM_RIGHTS) {
                            for offset in stride(from: 16, to: length, by: 4) {
                                found.append(control.load(fromByteOffset: offset, as: Int32.self))
                            }
                        }
                    }
                    return (String(decoding: bytes.prefix(count), as: UTF8.self), found)
                }
            }
        }
    }

    /// Takes in what came so far: a manager that does not read makes the program wait in sd_notify as
    /// soon as `net.unix.max_dgram_qlen` messages are there, which may be as few as ten.
    public func drain() { _ = assignments }

    /// How often something was said.
    public func count(_ assignment: String) -> Int { assignments.count { $0 == assignment } }

    /// Waits until something was said so often.
    public func wait(
        for assignment: String,
        count: Int = 1,
        within limit: Duration = .seconds(30)
    ) async throws {
        try await eventually(assignment, within: limit, detail: { "\(assignments)" }) {
            self.count(assignment) >= count
        }
    }
}
