extension Configuration {
    /// How to reach the broker.
    public struct Broker: Sendable, Equatable {
        /// `mqtt://host:port`, `mqtts://host:port`, or the path of a UNIX socket.
        public var address = "mqtt://localhost:1883"
        /// Names the session at the broker.
        public var clientID = "tocsin"
        /// Empty for none.
        public var username = ""
        /// The file that holds the password; empty for the systemd credential `mqtt-password`, or no
        /// password where there is none.
        public var passwordFile = ""
        /// How long the connection may be silent before it is probed.
        ///
        /// A connection whose network swallows everything is given up after twice that. Until then only
        /// TCP repeats itself, ever more slowly: had the network been away for half a minute, the next
        /// repetition could be as far off.
        public var keepAlive = Duration.seconds(10)
        /// How long the broker keeps messages for a daemon that is away.
        public var sessionExpiry = Duration.seconds(86_400)
        /// Which version of MQTT is spoken.
        public var version = Version.automatic
        /// How many messages wait at most for the broker.
        public var queuedMessages = 10_000
        /// How the connection is encrypted, with `mqtts`.
        public var tls = TLS()

        /// Everything at its default.
        public init() {}

        /// Which version of MQTT is spoken.
        public enum Version: String, Sendable, CaseIterable {
            /// 5, or 3.1.1 where the broker does not understand it.
            case automatic = "auto"
            case v5 = "5"
            case v311 = "3.1.1"
        }
    }

    /// How the connection is encrypted.
    public struct TLS: Sendable, Equatable {
        /// The authorities that may vouch for the broker; empty for the system's.
        public var authorities = ""
        /// This client's certificate; empty for none.
        public var certificate = ""
        /// Its key.
        public var key = ""
        /// The oldest version of TLS that is spoken.
        public var minimumVersion = "tlsv1.2"
    }
}

extension Configuration.Broker {
    init(_ table: ConfigurationTable) throws(ConfigurationError) {
        address = try table.string("address") ?? address
        guard !address.contains("@") else {
            throw table.error("address", "a user belongs under username, not into the address")
        }
        guard BrokerAddress(address) != nil else {
            throw table.error(
                "address",
                "'\(address)' is no address; expected mqtt://HOST[:PORT], mqtts://HOST[:PORT] or "
                    + "/PATH/OF/A/SOCKET"
            )
        }
        clientID = try table.string("client_id") ?? clientID
        guard !clientID.isEmpty else {
            throw table.error("client_id", "is empty; expected a name for the session")
        }
        username = try table.string("username") ?? username
        passwordFile = try table.string("password_file") ?? passwordFile
        keepAlive = try table.seconds("keep_alive_seconds", in: 5...65_535) ?? keepAlive
        sessionExpiry =
            try table.seconds("session_expiry_seconds", in: 0...31_536_000) ?? sessionExpiry
        let versions = Version.allCases.map(\.rawValue)
        if let found = try table.string("protocol", allowed: versions) {
            version = Version(rawValue: found) ?? version
        }
        queuedMessages = try table.integer("queued_messages", in: 10...10_000_000) ?? queuedMessages
        if let table = try table.table("tls") { tls = try Configuration.TLS(table) }
        guard tls == Configuration.TLS() || BrokerAddress(address)?.isEncrypted == true else {
            throw table.error(
                "tls",
                "has no effect with '\(address)'; expected mqtts://HOST[:PORT]"
            )
        }
        try table.rejectUnknownKeys()
    }
}

extension Configuration.TLS {
    init(_ table: ConfigurationTable) throws(ConfigurationError) {
        authorities = try table.string("authorities") ?? authorities
        certificate = try table.string("certificate") ?? certificate
        key = try table.string("key") ?? key
        let versions = ["tlsv1.2", "tlsv1.3"]
        minimumVersion = try table.string("minimum_version", allowed: versions) ?? minimumVersion
        guard certificate.isEmpty == key.isEmpty else {
            throw table.error("certificate", "certificate and key go together")
        }
        try table.rejectUnknownKeys()
    }
}

/// An address as people write it.
struct BrokerAddress: Equatable {
    var host = ""
    var port = 1883
    var isEncrypted = false
    /// The path of a UNIX socket, if it is one.
    var path: String?

    init?(_ text: String) {
        if text.hasPrefix("/") || text.hasPrefix("unix:/") {
            path = text.hasPrefix("/") ? text : String(text.dropFirst(5))
            return
        }
        var rest = text
        if text.hasPrefix("mqtts://") {
            isEncrypted = true
            port = 8883
            rest = String(text.dropFirst(8))
        } else if text.hasPrefix("mqtt://") {
            rest = String(text.dropFirst(7))
        } else if text.contains("://") {
            return nil
        }
        if rest.hasSuffix("/") { rest.removeLast() }
        if rest.hasPrefix("["), let end = rest.firstIndex(of: "]") {
            host = String(rest[rest.index(after: rest.startIndex)..<end])
            rest = String(rest[rest.index(after: end)...])
        } else if let colon = rest.lastIndex(of: ":") {
            host = String(rest[..<colon])
            rest = String(rest[colon...])
        } else {
            host = rest
            rest = ""
        }
        if rest.hasPrefix(":") {
            guard let number = Int(rest.dropFirst()), (1...65_535).contains(number) else {
                return nil
            }
            port = number
        } else if !rest.isEmpty {
            return nil
        }
        guard !host.isEmpty, !host.contains(where: { "/@[]?#&= ".contains($0) }),
            !host.contains(":") || text.contains("[")
        else { return nil }
    }
}
