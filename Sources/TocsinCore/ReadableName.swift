// Names come from strangers, and go into topics, the journal and terminals.

extension Unicode.Scalar {
    /// Whether it may stand in a name: it can be published, and is shown as what it is.
    ///
    /// Not so control characters and what is no character, both of which brokers and libmosquitto refuse
    /// (MQTT 5.0, 1.5.4), and not so what breaks a line or turns the direction of what follows it.
    public var isReadable: Bool {
        switch value {
        case 0..<0x20, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069, 0xFDD0...0xFDEF, 0xFEFF:
            false
        default:
            value & 0xFFFE != 0xFFFE
        }
    }

    /// Whether it stands for other levels where MQTT looks for a topic's filter.
    var isWildcard: Bool { self == "+" || self == "#" }
}

extension String {
    /// Whether a person can read all of it.
    public var isReadable: Bool { unicodeScalars.allSatisfy(\.isReadable) }

    /// The same with U+FFFD for what is not readable.
    public var readable: String {
        isReadable
            ? self
            : String(UnicodeScalarView(unicodeScalars.map { $0.isReadable ? $0 : "\u{FFFD}" }))
    }

    /// Whether it may be a device's name: a level of a topic, at most 256 bytes long.
    public var isDeviceName: Bool {
        !isEmpty && utf8.count <= 256
            && unicodeScalars.allSatisfy { $0.isReadable && !$0.isWildcard && $0 != "/" }
    }

    /// Whether topics may begin with it: whole levels, and not so many that nothing goes behind them.
    public var isTopicPrefix: Bool {
        let scalars = unicodeScalars
        return !isEmpty && utf8.count <= 1024 && scalars.first != "/" && scalars.last != "/"
            && scalars.first != "$" && scalars.allSatisfy { $0.isReadable && !$0.isWildcard }
    }
}
