/// An event with the channels that somebody named as its cause.
public struct RootCause: Sendable, Equatable {
    /// The event's rows, counted from 0.
    public var rows: Range<Int>
    /// The channels behind it, by name.
    public var channels: Set<String>

    /// An event with its causes.
    public init(rows: Range<Int>, channels: Set<String>) {
        self.rows = rows
        self.channels = channels
    }
}
