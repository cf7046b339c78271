/// A point in time: microseconds since 1970, UTC, as in the journal.
public struct Timestamp: BitwiseCopyable, Sendable, Hashable {
    /// Microseconds since 1970-01-01T00:00:00Z; negative before.
    public var microseconds: Int64

    /// A point in time, from microseconds since 1970.
    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }
}

extension Timestamp: Comparable {
    public static func < (a: Timestamp, b: Timestamp) -> Bool {
        a.microseconds < b.microseconds
    }
}

extension Timestamp {
    public static func + (time: Timestamp, span: Duration) -> Timestamp {
        Timestamp(microseconds: time.microseconds + span.microseconds)
    }

    public static func - (time: Timestamp, span: Duration) -> Timestamp {
        Timestamp(microseconds: time.microseconds - span.microseconds)
    }

    public static func - (later: Timestamp, earlier: Timestamp) -> Duration {
        .microseconds(later.microseconds - earlier.microseconds)
    }
}

extension Duration {
    /// The span in whole microseconds, rounded towards zero.
    public var microseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    }

    /// The span in seconds.
    public var inSeconds: Double {
        Double(microseconds) / 1e6
    }
}
