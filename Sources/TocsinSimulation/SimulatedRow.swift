public import TocsinCore

/// What one device sends at one tick.
public struct SimulatedRow: Sendable, Equatable {
    /// The device's name, such as `pump-1`.
    public let device: String

    /// What the device's clock says.
    public let time: Timestamp

    /// The readings, each in its channel's unit, `[channels]` in the order of the kind's
    /// ``SimulatedDeviceKind/channels``; `nil` for one that is missing.
    public let values: [Double?]

    /// Whether a fault was ordered for this device at this time.
    public let isFaulty: Bool
}
