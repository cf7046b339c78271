import Foundation

/// Two hosts with a cable between them, each in a network namespace of its own; for root only.
///
/// A program is put on a host by starting it with ``prefix(of:)``. Sockets in the file system are out of
/// the namespaces' reach, so that tests can go on talking to both.
public final class TwoHosts: Sendable {
    public enum Host: Int, Sendable, CaseIterable {
        case near, far
    }

    private let holders: [RunningProgram]

    /// Whether this machine lets us have namespaces.
    public static let canBeMade: Bool = {
        guard getuid() == 0, let hosts = try? TwoHosts() else { return false }
        return (try? hosts.lose(true)) != nil
    }()

    public init() throws {
        // Alive as long as their holders are.
        holders = try Host.allCases.map { _ in
            try RunningProgram("/usr/bin/unshare", ["--net", "sleep", "600"])
        }
        // The holders have their namespaces a moment after they began.
        let own = try Self.namespace(getpid())
        for holder in holders {
            while try Self.namespace(holder.pid) == own { usleep(1_000) }
        }
        try ip([
            "link", "add", "cable", "netns", "\(holders[0].pid)", "type", "veth", "peer", "name",
            "cable", "netns", "\(holders[1].pid)",
        ])
        for host in Host.allCases {
            try ip(["address", "add", "\(address(of: host))/24", "dev", "cable"], on: host)
            try ip(["link", "set", "lo", "up"], on: host)
            try ip(["link", "set", "cable", "up"], on: host)
        }
    }

    /// A host's address.
    public func address(of host: Host) -> String { "10.91.0.\(host.rawValue + 1)" }

    /// What stands before a command that is to run on a host.
    public func prefix(of host: Host) -> [String] {
        ["/usr/bin/nsenter", "--target", "\(holders[host.rawValue].pid)", "--net"]
    }

    /// Loses every packet in both directions without a word, or no more.
    ///
    /// Each host sends to a hardware address that nobody has; the other end of the cable drops that.
    public func lose(_ isLost: Bool) throws {
        for (host, other) in [(Host.near, Host.far), (.far, .near)] {
            let entry = [address(of: other), "dev", "cable"]
            try ip(
                isLost
                    ? ["neighbour", "replace"] + entry
                        + ["lladdr", "02:00:00:00:00:99", "nud", "permanent"]
                    : ["neighbour", "delete"] + entry,
                on: host
            )
        }
    }

    private func ip(_ arguments: [String], on host: Host? = nil) throws {
        let words = (host.map(prefix(of:)) ?? []) + ["/usr/sbin/ip"] + arguments
        try run(words[0], Array(words.dropFirst()), in: URL(fileURLWithPath: "/"))
    }

    private static func namespace(_ pid: Int32) throws -> String {
        try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/ns/net")
    }
}
