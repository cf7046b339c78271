import TocsinNN

/// What is the same for every device of a model, as plain numbers.
@safe
struct ModelUsual: BitwiseCopyable {
    let layout: DeviceLayout
    /// That of the channels' ``NameTable``.
    let namesIdentity: UInt64
    let timing: FrameTiming
    /// Where the watched hidden state stands in the recurrent one.
    let hiddenStart: Int
    let hiddenSize: Int
    /// Floats of the network's part of a record.
    let networkSize: Int
    /// Whether the residual is that of the forecast, not that of the reconstruction.
    let forecasts: Bool
    let warmUp: Int64
    let monthsPerFrame: Double
    /// How each channel is scaled: offset and gain, `[2, padded]`.
    let scales: ChannelFields<Double>
    /// Each channel's usual residual.
    let residuals: ResidualUsual.View
    /// What a sound channel does.
    let faults: FaultUsual.View
    /// s(A_on) where no budget is set.
    let boundary: Double
    let drift: DriftUsual.View
    /// The group that it belongs to.
    let group: Unmanaged<ModelGroup>
}

// Inlined, because a call by way of a pointer copies all of it.
extension ModelUsual {
    /// A feature in its channel's unit.
    @inline(__always)
    func value(of feature: Float, channel: Int) -> Double {
        Double(feature) / scales[1][channel] + scales[0][channel]
    }

    /// s(A_on): that of the calibration, or what the budget asks for.
    @inline(__always)
    func boundary(_ policies: borrowing AlertPolicies, _ keeper: borrowing ThresholdKeeper)
        -> Double
    {
        guard let budget = policies.budgetPerMonth else { return boundary }
        return AnomalyScorer.positive(keeper.threshold(budget: budget * monthsPerFrame))
    }
}
