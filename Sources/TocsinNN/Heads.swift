/// What a network predicts at each step.
///
/// In JSON an array of names, always in the order forecast, reconstruct.
public struct Heads: OptionSet, Sendable, Hashable {
    /// The features of the next sample.
    public static let forecast = Heads(rawValue: 1)
    /// The features of this sample.
    public static let reconstruct = Heads(rawValue: 2)

    public let rawValue: Int

    public init(rawValue: Int) {
        self.rawValue = rawValue
    }

    /// The names of all heads, in the order in which they are written.
    private static let names: [(name: String, head: Heads)] = [
        ("forecast", .forecast), ("reconstruct", .reconstruct),
    ]
}

extension Heads: Codable {
    public init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        var heads: Heads = []
        while !list.isAtEnd {
            let name = try list.decode(String.self)
            guard let entry = Self.names.first(where: { $0.name == name }) else {
                throw DecodingError.dataCorruptedError(
                    in: list,
                    debugDescription: "unknown head '\(name)'; expected forecast or reconstruct"
                )
            }
            heads.insert(entry.head)
        }
        self = heads
    }

    public func encode(to encoder: any Encoder) throws {
        var list = encoder.unkeyedContainer()
        for entry in Self.names where contains(entry.head) {
            try list.encode(entry.name)
        }
    }
}
