/// One channel of one device at one time.
public struct Sample: Sendable, Equatable {
    /// The device's number in its ``Fleet``.
    public var device: Int
    /// The channel's place in the frame of the device's model.
    public var channel: Int
    /// When it was measured, as far as known.
    public var time: Timestamp
    /// In the channel's unit; NaN for a sample that says "no value".
    public var value: Double
    /// Whether it is an old value that the broker kept: it may fill, it is never scored as fresh.
    public var isRetained: Bool

    /// A sample.
    public init(
        device: Int,
        channel: Int,
        time: Timestamp,
        value: Double,
        isRetained: Bool = false
    ) {
        self.device = device
        self.channel = channel
        self.time = time
        self.value = value
        self.isRetained = isRetained
    }
}
