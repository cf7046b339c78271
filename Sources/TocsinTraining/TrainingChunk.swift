import TocsinCore

/// Some steps of all lanes, as one update sees them.
public struct TrainingChunk: Sendable, Equatable {
    /// The number of steps.
    public let steps: Int
    /// What the encoder reads, some channels masked: dimensionless, `[steps, lanes, channels]`.
    public var inputs: [Float]
    /// The clean features, with those of the step after the chunk: `[steps + 1, lanes, channels]`.
    public var frames: [Float]
    /// What each element of `frames` counts; 0 where it is missing.
    public var weights: [Float]

    /// A chunk; the shapes are the caller's to keep.
    public init(steps: Int, inputs: [Float], frames: [Float], weights: [Float]) {
        self.steps = steps
        self.inputs = inputs
        self.frames = frames
        self.weights = weights
    }
}

extension TrainingChunk {
    /// Hides a share of every sample's channels from the encoder, so that it cannot copy.
    ///
    /// Each channel of each sample is drawn on its own; what is to be reconstructed stays clean.
    mutating func mask(share: Double, _ generator: inout SeededGenerator) {
        // The generator's upper 53 bits below the share of 2⁵³: `uniform() < share`, but quicker.
        let limit = UInt64(share * 0x1p53)
        for index in inputs.indices where generator.next() >> 11 < limit {
            inputs[index] = 0
        }
    }
}
