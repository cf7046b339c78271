/// A version of the protocol.
public enum MQTTVersion: Sendable, Equatable, CustomStringConvertible {
    case v311
    case v5

    public var description: String {
        switch self {
        case .v311: "3.1.1"
        case .v5: "5"
        }
    }
}

extension MQTTClient {
    /// How to reach the broker, and how much to keep for it.
    public struct Options: Sendable, Equatable {
        /// Where the broker listens.
        public var address: Address

        /// Identifies the session at the broker; the broker cuts off whoever uses it a second time.
        ///
        /// May only be empty where ``sessionExpiry`` is `nil`; the broker then makes one up.
        public var clientID: String

        /// The local address to connect from, or `nil` for any.
        public var bindAddress: String?

        /// The user name, if the broker wants one.
        public var username: String?

        /// The password that goes with ``username``.
        public var password: String?

        /// How long the connection may be silent before it is probed, in whole seconds: 0 for never, or
        /// at least 5.
        public var keepAlive: Duration = .seconds(30)

        /// How long the broker keeps subscriptions and undelivered messages when nobody is connected,
        /// or `nil` for a session that ends with its connection.
        ///
        /// MQTT 3.1.1 knows only whether, not how long.
        public var sessionExpiry: Duration?

        /// What the broker publishes when this client is gone without a word.
        public var will: Will?

        /// How to encrypt, or `nil` for plain text.
        public var security: Security?

        /// Which versions of the protocol may be spoken.
        public var versions = Versions.preferVersion5

        /// How many unacknowledged QoS 1 messages the broker may have on its way to this client;
        /// only MQTT 5 knows how to ask for it.
        public var receiveMaximum = 1_000

        /// How many QoS 1 messages may be on their way to the broker, unacknowledged.
        public var sendMaximum = 20

        /// How many messages wait at most for the broker, those in flight included.
        public var queuedMessages = 10_000

        /// How many bytes of topics and payloads wait at most for the broker, those in flight included.
        public var queuedBytes = 16 << 20

        /// How far apart looks at a busy connection are at least.
        ///
        /// What arrives or is posted within this time travels together; what comes after a pause is
        /// not held up.
        public var gathering: Duration = .milliseconds(1)

        /// How long each of the broker's addresses may take to accept a connection.
        ///
        /// Longer than the kernel's second repetition, which comes after three seconds.
        public var connectTimeout: Duration = .seconds(6)

        /// How long the broker may take to answer CONNECT, from the moment the socket is connected.
        public var answerTimeout: Duration = .seconds(10)

        /// How long to wait between attempts.
        public var backOff = BackOff()

        public init(address: Address, clientID: String = "") {
            self.address = address
            self.clientID = clientID
        }
    }
}

extension MQTTClient.Options {
    /// Where a broker listens.
    public enum Address: Sendable, Equatable, CustomStringConvertible {
        /// A host name or address, and a TCP port.
        case tcp(host: String, port: Int)
        /// The path of a socket.
        case unix(path: String)

        public var description: String {
            switch self {
            case .tcp(let host, let port):
                host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
            case .unix(let path): path
            }
        }
    }

    /// Which versions of the protocol may be spoken.
    public enum Versions: Sendable, Equatable {
        /// MQTT 5, and 3.1.1 with a broker that does not understand it.
        case preferVersion5
        /// Only this one.
        case only(MQTTVersion)
    }

    /// A message that the broker publishes when its client is gone without a word.
    public struct Will: Sendable, Equatable {
        public var topic: String
        public var payload: [UInt8]
        public var qos: MQTTQoS
        public var isRetained: Bool

        public init(
            topic: String,
            payload: [UInt8],
            qos: MQTTQoS = .atLeastOnce,
            isRetained: Bool = true
        ) {
            self.topic = topic
            self.payload = payload
            self.qos = qos
            self.isRetained = isRetained
        }
    }

    /// Whom to trust, and how to prove oneself.
    ///
    /// The certificate chain is always verified, and so is the server's name unless
    /// ``Certificates/acceptsAnyServerName`` says otherwise. The name is that of ``Address``.
    public enum Security: Sendable, Equatable {
        /// X.509 certificates.
        case certificates(Certificates)
        /// A pre-shared key, in hexadecimal, and the name it goes by.
        case preSharedKey(hexadecimal: String, identity: String, minimumVersion: String = "tlsv1.2")
    }

    /// The files that TLS reads.
    public struct Certificates: Sendable, Equatable {
        /// The authorities that may vouch for the broker.
        public enum Authorities: Sendable, Equatable {
            /// Those of the system, in `/etc/ssl/certs`.
            case system
            /// Those in a PEM file.
            case file(String)
            /// Those in a directory, as `openssl rehash` leaves it.
            case directory(String)
        }

        public var authorities: Authorities

        /// The PEM file of this client's certificate, together with ``key``.
        public var certificate: String?

        /// The PEM file of this client's key, without a passphrase.
        public var key: String?

        /// The oldest version of TLS that is spoken: `tlsv1.2` or `tlsv1.3`.
        public var minimumVersion = "tlsv1.2"

        /// Whether a certificate with another name in it will do; whoever sets it should tell the
        /// operator.
        public var acceptsAnyServerName = false

        public init(authorities: Authorities = .system) {
            self.authorities = authorities
        }
    }
}
