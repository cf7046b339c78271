/// What an intake counted since it began.
public struct IntakeCounters: Sendable, Equatable {
    /// Messages that came.
    public var messages = 0
    /// Messages that could not be read.
    public var rejected = 0
    /// Of these, messages whose topic no stream reads.
    public var unmatched = 0
    /// Messages of devices that no model judges.
    public var unwatched = 0
    /// Values of channels that the device's model does not know.
    public var unknownChannels = 0

    /// Names that were said already; bounded, so that nobody can fill the memory with names.
    private var unwatchedDevices: Set<String> = []
    private var unknownNames: Set<String> = []
    private static let remembered = 1000

    /// Nothing counted.
    public init() {}

    /// Whether this device is mentioned for the first time.
    mutating func noteUnwatched(_ device: String) -> Bool {
        guard unwatchedDevices.count < Self.remembered else { return false }
        return unwatchedDevices.insert(device).inserted
    }

    /// The channel's name if it is mentioned for the first time, else `nil`.
    mutating func noteUnknown(_ device: Int, _ name: Span<UInt8>) -> String? {
        guard unknownNames.count < Self.remembered else { return nil }
        var bytes: [UInt8] = []
        for i in name.indices { bytes.append(name[i]) }
        let text = String(decoding: bytes, as: UTF8.self)
        return unknownNames.insert("\(device)/\(text)").inserted ? text : nil
    }
}
