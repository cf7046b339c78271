/// One measured quantity: its name, its unit, and what is physically possible.
public struct Channel: Sendable, Equatable, Codable {
    /// As in topics, payloads and CSV headers.
    public var name: String
    /// Such as `bar`; empty if unknown.
    public var unit: String
    /// The least value that the sensor can truly measure, in ``unit``; `nil` for no bound.
    public var minimum: Double?
    /// The largest one.
    public var maximum: Double?

    /// A channel.
    public init(name: String, unit: String = "", minimum: Double? = nil, maximum: Double? = nil) {
        self.name = name
        self.unit = unit
        self.minimum = minimum
        self.maximum = maximum
    }

    /// Whether the sensor can truly measure `value`.
    public func allows(_ value: Double) -> Bool {
        value >= minimum ?? -.infinity && value <= maximum ?? .infinity
    }
}
