public import TocsinCore

/// Frames of one device without a gap between them, as the daemon would have assembled them.
public struct FrameSequence: Sendable, Equatable {
    /// The device's name.
    public var device: String
    /// The number of channels.
    public let channels: Int
    /// The ticks, `[frames]`.
    public private(set) var times: [Timestamp] = []
    /// In each channel's unit, NaN if missing, `[frames, channels]`.
    public private(set) var values: [Double] = []
    /// Whether a sample stands behind the value, `[frames, channels]`.
    public private(set) var isFresh: [Bool] = []

    /// A sequence without frames.
    public init(device: String, channels: Int) {
        self.device = device
        self.channels = channels
    }

    /// How many frames there are.
    public var count: Int { times.count }

    /// Adds a frame.
    public mutating func append(_ frame: Frame) {
        times.append(frame.time)
        values += frame.values
        isFresh += frame.isFresh
    }

    /// The value of a channel in a frame.
    public func value(_ frame: Int, _ channel: Int) -> Double {
        values[frame * channels + channel]
    }

    /// A part of the sequence.
    public func slice(_ frames: Range<Int>) -> FrameSequence {
        var part = FrameSequence(device: device, channels: channels)
        part.times = Array(times[frames])
        part.values = Array(values[frames.lowerBound * channels..<frames.upperBound * channels])
        part.isFresh = Array(isFresh[frames.lowerBound * channels..<frames.upperBound * channels])
        return part
    }
}
