import Foundation
import Synchronization

/// The service manager as a program sees it: a datagram socket, named by `$NOTIFY_SOCKET`.
public final class NotifySocket: Sendable {
    /// What goes into the program's environment.
    public let path: String
    private let folder: TemporaryFolder
    private let descriptor: Int32
    private let heard = Mutex<[String]>([])

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

    /// Every assignment that came so far, such as `READY=1`, in order.
    public var assignments: [String] {
        heard.withLock { heard in
            var bytes = [UInt8](repeating: 0, count: 4_096)
            while true {
                let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
                guard count > 0 else { return heard }
                heard += String(decoding: bytes.prefix(count), as: UTF8.self)
                    .split(separator: "\n").map(String.init)
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
