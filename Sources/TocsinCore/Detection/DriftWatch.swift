import Glibc

/// One device's part of drift detection, wherever its numbers lie.
struct DriftWatch {
    /// What is remembered beside the channels' means and the last states.
    struct Memory: BitwiseCopyable {
        var surprising: Int64 = 0
        var pace = StatePace()
    }

    /// The one of the device, `[1]`.
    let memory: Numbers<Memory>
    /// Recent distributions, in the order of ``DriftCause``, `[4]`.
    let trackers: Numbers<PopulationStability>
    /// The channels' running means, `[padded]`.
    let means: ChannelFields<Double>
    /// The last four hidden states, `[4 × padded]`.
    let past: Numbers<Float>
    let usual: DriftUsual.View

    /// The squared deviations of one frame, in squared usual sizes.
    struct Surprise: BitwiseCopyable {
        var sum = 0.0
        var count = 0.0

        /// Of the channels that have one.
        init(_ deviations: [Double]) {
            for deviation in deviations where !deviation.isNaN {
                sum += deviation * deviation
                count += 1
            }
        }

        init(sum: Double, count: Double) {
            self.sum = sum
            self.count = count
        }

        /// ln(0.05 + mean), NaN if there is none.
        var logarithm: Double { count > 0 ? log(0.05 + sum / count) : .nan }
    }

    /// The four watched quantities of one frame; NaN for one that this frame does not give.
    ///
    /// - Parameters:
    ///   - surprise: ``Surprise/logarithm`` of the residual
    ///   - square: ``HiddenUsual/View/whitenedSquare(of:)`` of the state, if that is known
    func quantities(
        _ surprise: Double,
        _ hidden: Numbers<Float>?,
        square: Float? = nil
    ) -> InlineArray<4, Double> {
        guard let hidden else { return [surprise, .nan, .nan, .nan] }
        let motion = memory[0].pace.update(hidden, past: past, usual: usual.hidden)
        // Its distance from the mean, in spreads.
        let place = Double(square ?? usual.hidden.whitenedSquare(of: hidden)).squareRoot()
        return [surprise, motion.norm, place, motion.step]
    }

    /// Takes in one frame; see ``quantities(_:_:square:)``.
    ///
    /// - Parameter deviations: of the forecast, in usual sizes; NaN where there is none,
    ///   `[channels]`, with room for whole vectors
    func update(
        _ deviations: Numbers<Double>,
        _ surprise: Double,
        _ hidden: Numbers<Float>?,
        square: Float? = nil
    ) -> DriftDetector.Drift {
        let quantities = quantities(surprise, hidden, square: square)
        let indices = indices(of: quantities)
        var drift = DriftDetector.Drift(
            ratios: [0, 0, 0, 0],
            hiddenNorm: quantities[DriftCause.norm.rawValue]
        )
        for i in 0..<4 { drift.ratios[i] = indices[i] / usual.thresholds[i] }
        let index = ChannelStray.update(
            means,
            &memory[0].surprising,
            deviations,
            usual.channels
        )
        let residual = DriftCause.residual.rawValue
        let speed = DriftCause.speed.rawValue
        drift.ratios[residual] = max(drift.ratios[residual], index / usual.strayThreshold)
        drift.ratios[speed] = max(drift.ratios[speed], memory[0].pace.pace / usual.paceThreshold)
        return drift
    }

    private func indices(of quantities: InlineArray<4, Double>) -> InlineArray<4, Double> {
        var values = quantities
        var indices = quantities
        unsafe withUnsafeMutableBytes(of: &values) { values in
            unsafe withUnsafeMutableBytes(of: &indices) { indices in
                guard let value = values.baseAddress, let index = indices.baseAddress
                else { return }
                PopulationStability.update(
                    trackers,
                    unsafe Numbers(value.assumingMemoryBound(to: Double.self), count: 4),
                    usual.quantities,
                    unsafe Numbers(index.assumingMemoryBound(to: Double.self), count: 4)
                )
            }
        }
        return indices
    }

    /// How far each channel has moved, for an alert to name them, `[channels]`; ≥ 0.
    var movements: [Double] {
        let means = means[0]
        return means.indices.map { max(usual.channels.stray(of: $0, mean: means[$0]), 0) }
    }
}

extension DriftWatch {
    func save(to writer: inout StateWriter) {
        for i in 0..<4 { trackers[i].save(to: &writer) }
        writer.write(memory[0].surprising)
        memory[0].pace.save(to: &writer)
        let means = means[0]
        writer.write(means.indices.map { means[$0] })
        writer.write(past.indices.map { past[$0] })
    }

    func restore(from reader: inout StateReader) throws(StateError) {
        for i in 0..<4 { try trackers[i].restore(from: &reader) }
        memory[0].surprising = try reader.readCount()
        guard memory[0].surprising <= ChannelStray.longestBurst else { throw .inconsistent }
        try memory[0].pace.restore(from: &reader)
        let savedMeans = try reader.readAmounts(count: means.channels)
        let savedPast = try reader.readFloats(count: past.count)
        guard savedPast.allSatisfy(\.isFinite) else { throw .inconsistent }
        for c in savedMeans.indices { means[0][c] = savedMeans[c] }
        for i in past.indices { past[i] = savedPast[i] }
    }
}

/// A ``DriftReference`` as it is computed with.
final class DriftUsual: Sendable {
    /// What a frame is compared with; as long as its owner lives.
    struct View: BitwiseCopyable {
        /// In the order of ``DriftCause``, `[4]`.
        let quantities: Numbers<PopulationStability.Usual>
        /// The index from which on it is drift, in the same order.
        let thresholds: InlineArray<4, Double>
        /// How far each channel may stray.
        let channels: ChannelStray.View
        let hidden: HiddenUsual.View
        let strayThreshold: Double
        let paceThreshold: Double
    }

    private let quantities: Constants<PopulationStability.Usual>
    private let thresholds: InlineArray<4, Double>
    private let channels: Constants<Double>
    private let channelCount: Int
    private let hidden: HiddenUsual
    private let burst: Double
    private let strayThreshold: Double
    private let paceThreshold: Double

    init(_ reference: DriftReference) {
        quantities = Constants((0..<4).map { PopulationStability.Usual(reference.quantity($0)) })
        thresholds = InlineArray { reference.quantity($0).threshold }
        channels = reference.channels.fields
        channelCount = reference.channels.usual.count
        hidden = HiddenUsual(reference)
        burst = reference.channels.burst
        strayThreshold = reference.channels.threshold
        paceThreshold = reference.pace.threshold
    }

    var view: View {
        View(
            quantities: quantities.numbers,
            thresholds: thresholds,
            channels: ChannelStray.View(
                fields: ChannelFields(channels.numbers, channels: channelCount),
                burst: burst
            ),
            hidden: hidden.view,
            strayThreshold: strayThreshold,
            paceThreshold: paceThreshold
        )
    }
}

extension DriftReference {
    /// Trackers that agree with it, in the order of ``DriftCause``.
    var trackers: [PopulationStability] { (0..<4).map { PopulationStability(quantity($0)) } }

    /// The usual distribution of one cause; of one that was not fitted, a single bin.
    func quantity(_ cause: Int) -> PopulationStability.Reference {
        cause < quantities.count
            ? quantities[cause]
            : PopulationStability.Reference(edges: [], shares: [1], threshold: 1)
    }
}
