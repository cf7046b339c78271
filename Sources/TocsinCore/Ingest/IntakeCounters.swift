/// What an intake counted since it began.
public struct IntakeCounters: Sendable {
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
    private var unknownNames = NameTable()
    private var key: [UInt8] = []
    private static let remembered = 1000
    private static let longestName = 256

    /// Nothing counted.
    public init() {}

    /// All of these and of others; what was said is known to `b` only.
    public static func + (a: Self, b: Self) -> Self {
        var sum = b
        sum.messages += a.messages
        sum.rejected += a.rejected
        sum.unmatched += a.unmatched
        sum.unwatched += a.unwatched
        sum.unknownChannels += a.unknownChannels
        return sum
    }

    /// Whether this device is mentioned for the first time.
    mutating func noteUnwatched(_ device: String) -> Bool {
        guard unwatchedDevices.count < Self.remembered else { return false }
        return unwatchedDevices.insert(device).inserted
    }

    /// The channel's name, cut to a bearable length, if it is mentioned for the first time, else
    /// `nil`; does not allocate for a name that was.
    mutating func noteUnknown(_ device: Int, _ name: Span<UInt8>) -> String? {
        guard unknownNames.count < Self.remembered else { return nil }
        key.removeAll(keepingCapacity: true)
        appendDecimal(device, to: &key)
        key.append(UInt8(ascii: "/"))
        let start = key.count
        var end = min(name.count, Self.longestName)
        // Not within a character: its later bytes are 10xxxxxx.
        while end < name.count, end > 0, name[end] & 0xC0 == 0x80 { end -= 1 }
        for i in 0..<end { key.append(name[i]) }
        guard unknownNames.find(key.span) == nil else { return nil }
        unknownNames.insert(String(decoding: key, as: UTF8.self))
        return String(decoding: key[start...], as: UTF8.self).readable
    }
}
