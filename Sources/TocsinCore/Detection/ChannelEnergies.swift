internal import CTocsinKernels

/// How large a channel's residual is, beside two measures: what was usual in training, and what has
/// been usual of late.
///
///     q = (d / v)²                     in units of the usual residual
///     T ← T + 0.2 (s(q) − T)           beside training
///     N ← N + 0.2 (s(q / max(w, 1)) − N)   beside the recent past, too
///     w ← w + (min(q, 30 w) − w) / 300
///
/// with s(q) = q up to 100, and 100 (1 + ln(q/100)) above: a channel that is out by a factor of a
/// thousand must not drown the others, and still counts for more than one that is out by ten.
///
/// w is the recent power of the residual. It rises slowly, since one frame counts for at most thirty
/// times what was usual of late, and never below 1: a machine that is quieter than it was trained does
/// not become touchy. So a channel that has left its training range for good is a surprise for some
/// hundreds of frames and then no more, and the others are heard again.
///
/// What was tried instead is in the article <doc:ChoosingTheModel>. These are one device's; the
/// arithmetic is `tocsin_update_energies`.
struct ChannelEnergies: BitwiseCopyable {
    private let fields: ChannelFields<Double>

    /// Of each channel so many numbers.
    static let fields = Int(TOCSIN_ENERGY_FIELDS.rawValue)

    init(_ fields: ChannelFields<Double>) {
        self.fields = fields
    }

    /// T, at first that of a healthy channel, 1, `[channels]`.
    var trained: Numbers<Double> { self[TOCSIN_TRAINED] }
    /// N, `[channels]`.
    var recent: Numbers<Double> { self[TOCSIN_RECENT] }
    /// w, at least 0, in units of the usual power, `[channels]`.
    var power: Numbers<Double> { self[TOCSIN_POWER] }
    /// The residual in units of its usual size, within ± 10; NaN if there is none, `[channels]`.
    var deviations: Numbers<Double> { self[TOCSIN_DEVIATION] }
    /// 1 for a channel that took part in the last frame, else 0, `[channels]`.
    var counted: Numbers<Double> { self[TOCSIN_COUNTED] }

    /// Where the kernels read and write them.
    var start: UnsafeMutablePointer<Double> { unsafe fields.numbers.start }
    var channels: Int { fields.channels }

    private subscript(field: tocsin_energy_field) -> Numbers<Double> {
        fields[Int(field.rawValue)]
    }

    /// Writes those of a device that has seen nothing.
    func begin() {
        fields.numbers.fill(1)
        fields.fill(Int(TOCSIN_DEVIATION.rawValue), .nan)
        fields.fill(Int(TOCSIN_COUNTED.rawValue), 0)
    }

    /// Sums over the channels that took part in a frame.
    struct Sums: BitwiseCopyable {
        var trained = 0.0
        var recent = 0.0
        var count = 0.0
        /// Squared deviations, and how many there are.
        var surprise = DriftWatch.Surprise(sum: 0, count: 0)

        /// Means; `nil` if no channel took part.
        var energies: AnomalyScorer.Energies? {
            guard count > 0 else { return nil }
            return AnomalyScorer.Energies(trained: trained / count, recent: recent / count)
        }
    }

    /// Takes in one frame; does not allocate.
    ///
    /// - Parameters:
    ///   - features: scaled values, NaN for a masked channel, `[padded]`
    ///   - expected: what was expected of them, NaN where there is nothing, `[padded]`
    ///   - usual: what is usual of each channel's residual
    func update(
        features: ChannelFields<Float>,
        expected: ChannelFields<Float>,
        usual: ResidualUsual.View
    ) -> Sums {
        precondition(features.channels == channels && expected.channels == channels)
        precondition(usual.fields.channels == channels)
        var rates = Self.rates
        let sums = unsafe tocsin_update_energies(
            start,
            usual.fields.numbers.start,
            &rates,
            features.numbers.start,
            expected.numbers.start,
            fields.padded
        )
        return Sums(
            trained: sums.trained,
            recent: sums.recent,
            count: sums.count,
            surprise: DriftWatch.Surprise(sum: sums.squares, count: sums.deviations)
        )
    }

    /// Share of the newest frame in the energies, about 5 frames are remembered, and in the power,
    /// about 300; by how much one frame may exceed the recent power and still count in full; and from
    /// where on energies grow with their logarithm.
    private static var rates: tocsin_energy_rates {
        tocsin_energy_rates(rate: 0.2, adaptation: 1.0 / 300, largest_step: 30, knee: 100)
    }
}

/// What is usual of each channel's residual.
struct ResidualUsual: Sendable {
    /// As long as its owner lives.
    struct View: BitwiseCopyable {
        /// `[2, padded]`: 1 for a channel that is scored; root mean square, in spreads.
        let fields: ChannelFields<Double>
    }

    private let fields: Constants<Double>
    private let channels: Int

    init(isScored: [Bool], rms: [Double]) {
        precondition(isScored.count == rms.count)
        channels = rms.count
        fields = Constants(
            isScored.map { $0 ? 1 : 0 }.padded(with: 0) + rms.padded(with: 1)
        )
    }

    var view: View { View(fields: ChannelFields(fields.numbers, channels: channels)) }
}
