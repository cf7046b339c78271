/// Some devices of one kind, such as `pump:3`.
public struct SimulatedGroup: Sendable, Equatable {
    /// What they are.
    public var kind: SimulatedDeviceKind

    /// How many they are, at least 1.
    public var count: Int

    /// A group of `count` devices.
    public init(_ kind: SimulatedDeviceKind, count: Int) {
        self.kind = kind
        self.count = count
    }
}

extension SimulatedGroup: CustomStringConvertible {
    /// The group as text, such as `pump:3`.
    public var description: String { "\(kind.rawValue):\(count)" }

    /// Reads a group from text, `kind:count` or `kind` for one device.
    public init(parsing text: String) throws(SimulationError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        guard let kind = SimulatedDeviceKind(rawValue: name) else {
            let known = SimulatedDeviceKind.allCases.map(\.rawValue)
            throw SimulationError(text, .unknown("device kind", name, known: known))
        }
        guard parts.count == 2 else {
            self.init(kind, count: 1)
            return
        }
        guard let count = Int(parts[1]), count > 0 else {
            throw SimulationError(
                text,
                .malformed("count", String(parts[1]), expected: "a whole number from 1")
            )
        }
        self.init(kind, count: count)
    }
}
