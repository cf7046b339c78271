/// Brings every channel to a common range: `(value − offset) × gain`.
///
/// Standard, min-max and robust scaling differ in how offset and gain are fitted, not in how they
/// are applied. Fitting belongs to `TocsinTraining`; at run time there is only this.
public struct Scaler: Sendable, Equatable {
    /// What the network sees is clipped to ± this many spreads.
    public static let inputLimit: Float = 5
    /// Residuals are taken from values clipped to ± this many spreads.
    public static let residualLimit: Float = 20

    /// What maps to 0, in each channel's unit, `[channels]`.
    public let offset: [Double]

    /// One over the spread, in the inverse of each channel's unit, `[channels]`.
    public let gain: [Double]

    /// A scaler of given offset and gain, both finite, `[channels]`.
    public init(offset: [Double], gain: [Double]) {
        precondition(offset.count == gain.count)
        self.offset = offset
        self.gain = gain
    }

    /// Scales one frame.
    ///
    /// The difference is taken in double precision, so that a counter of 10⁹ keeps its last digits.
    ///
    /// - Parameters:
    ///   - values: in each channel's unit, `[channels]`; NaN for a missing one
    ///   - features: dimensionless, within ± ``residualLimit``, `[channels]`; overwritten; NaN for a
    ///     missing channel
    public func transform(_ values: [Double], into features: inout [Float]) {
        let values = values.span
        let offset = offset.span
        let gain = gain.span
        var features = features.mutableSpan
        for c in values.indices {
            let scaled = Float((values[c] - offset[c]) * gain[c])
            features[c] = scaled.isNaN ? scaled : scaled.clipped(to: Self.residualLimit)
        }
    }

    /// What a feature means in the channel's own unit.
    public func value(of feature: Float, channel: Int) -> Double {
        Double(feature) / gain[channel] + offset[channel]
    }
}

extension Float {
    /// Within ± `limit`.
    public func clipped(to limit: Float) -> Float {
        Swift.min(Swift.max(self, -limit), limit)
    }
}
