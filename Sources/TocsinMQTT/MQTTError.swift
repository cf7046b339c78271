import CMosquitto
import Glibc

/// An error reported by libmosquitto, by the broker, or by the system beneath them.
public struct MQTTError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The `MOSQ_ERR_…` code.
    public let code: Int32

    /// The call that failed, such as `mosquitto_connect_bind_v5`, or the packet that brought the bad
    /// news, such as `CONNACK`.
    public let call: String

    /// The broker's reason code, if the broker is who objected.
    ///
    /// In `CONNACK` of MQTT 3.1.1 this is a return code from 1 to 5, otherwise a reason code of
    /// MQTT 5, at least 0x80.
    public let reason: UInt8?

    /// What was said beyond the code, or the empty string.
    public let detail: String

    public var description: String {
        "\(call): \(detail.isEmpty ? text : detail)"
    }

    private var text: String {
        switch code {
        // libmosquitto 2.0.11 has codes for these, but no words.
        case Code.keepAlive: "Nothing was heard within the keep-alive time."
        case Code.malformed: "A packet could not be read."
        case Code.lookup: "The host name could not be resolved."
        case Code.timeout: "There was no answer in time."
        default: unsafe String(cString: mosquitto_strerror(code))
        }
    }
}

extension MQTTError {
    /// An error of `call`; reads `errno`, so it must be made before anything else is called.
    init(_ code: Int32, in call: String) {
        let systemError = errno
        // mosquitto_strerror would look at errno when the text is wanted, which is too late.
        let detail =
            code == Code.system && systemError != 0
            ? unsafe String(cString: strerror(systemError)) : ""
        self.init(code: code, call: call, reason: nil, detail: detail)
    }

    /// An objection of the broker.
    init(reason: Int32, packet: String, version: MQTTVersion) {
        let text =
            version == .v311 && packet == "CONNACK"
            ? unsafe String(cString: mosquitto_connack_string(reason))
            : unsafe String(cString: mosquitto_reason_string(reason))
        self.init(
            code: packet == "CONNACK" ? Code.refused : Code.lost,
            call: packet,
            reason: UInt8(truncatingIfNeeded: reason),
            detail: text
        )
    }

    /// The end of a connection that was to be renewed.
    static let renewal = MQTTError(code: Code.lost, call: "renew", reason: nil, detail: "")

    /// Whether the connection ended because ``MQTTClient/renew()`` was called.
    public var isRenewal: Bool { call == Self.renewal.call }

    func with(detail: String) -> MQTTError {
        MQTTError(code: code, call: call, reason: reason, detail: detail)
    }

    /// The codes that the client acts upon.
    enum Code {
        static let success = Int32(MOSQ_ERR_SUCCESS.rawValue)
        static let memory = Int32(MOSQ_ERR_NOMEM.rawValue)
        static let `protocol` = Int32(MOSQ_ERR_PROTOCOL.rawValue)
        static let invalid = Int32(MOSQ_ERR_INVAL.rawValue)
        static let notConnected = Int32(MOSQ_ERR_NO_CONN.rawValue)
        static let refused = Int32(MOSQ_ERR_CONN_REFUSED.rawValue)
        static let lost = Int32(MOSQ_ERR_CONN_LOST.rawValue)
        static let tls = Int32(MOSQ_ERR_TLS.rawValue)
        static let system = Int32(MOSQ_ERR_ERRNO.rawValue)
        static let lookup = Int32(MOSQ_ERR_LOOKUP.rawValue)
        static let keepAlive = Int32(MOSQ_ERR_KEEPALIVE.rawValue)
        static let malformed = Int32(MOSQ_ERR_MALFORMED_PACKET.rawValue)
        static let timeout = Int32(MOSQ_ERR_TIMEOUT.rawValue)
    }
}

/// Throws what a call of libmosquitto returned, unless it returned success.
func check(_ code: Int32, _ call: String) throws(MQTTError) {
    guard code != MQTTError.Code.success else { return }
    throw MQTTError(code, in: call)
}
