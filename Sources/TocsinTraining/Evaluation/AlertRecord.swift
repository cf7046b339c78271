public import TocsinCore

/// An alert as an operator saw it: when it was raised, when it was cleared, and whom it named.
public struct AlertRecord: Sendable, Equatable {
    /// Which verdict.
    public var kind: AlertKind
    /// When it was raised.
    public var raised: Timestamp
    /// When it was cleared; `nil` if the recording ended before.
    public var cleared: Timestamp?
    /// The channels that it named when it was raised, largest share first.
    public var channels: [String]

    /// A record.
    public init(
        kind: AlertKind,
        raised: Timestamp,
        cleared: Timestamp? = nil,
        channels: [String] = []
    ) {
        self.kind = kind
        self.raised = raised
        self.cleared = cleared
        self.channels = channels
    }
}
