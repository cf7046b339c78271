/// Contiguous frames of one device, ready for training.
public struct TrainingSegment: Sendable, Equatable {
    /// The number of channels.
    public let channels: Int
    /// Scaled and clipped to ±5, 0 where missing: `[frames, channels]`.
    public let features: [Float]
    /// Which elements were measured, `[frames, channels]`.
    public let present: [Bool]

    /// Frames of one device, in order.
    ///
    /// - Parameters:
    ///   - features: finite, `[frames, channels]`
    ///   - present: `[frames, channels]`
    public init(channels: Int, features: [Float], present: [Bool]) {
        precondition(channels > 0 && features.count % channels == 0)
        precondition(features.count == present.count)
        self.channels = channels
        self.features = features
        self.present = present
    }

    /// The number of frames.
    public var frames: Int {
        features.count / channels
    }
}
