internal import CTocsinKernels

/// How far each channel's surprise has strayed from its usual size, and how many channels have.
///
///     m_c ← m_c + (min(d_c², limit_c) − m_c)/500,  from m_c = usual_c
///     z_c = (m_c − usual_c) / stray_c
///
/// The index is the z of an eighth of the channels: so many have strayed at least as far. An anomaly
/// drives a few channels far; drift moves several for long. The limit keeps a spike, however high,
/// from being long, and frames that are surprising as a whole count only once there have been more
/// of them than a burst has. Source: measured; see <doc:WatchingForDrift>.
public struct ChannelStray: Sendable {
    /// What is usual.
    public struct Reference: Sendable, Equatable, Codable {
        /// The largest squared deviation that counts, in squared usual sizes, `[channels]`.
        public var limit: [Double]
        /// Mean of the limited squared deviation, `[channels]`.
        public var usual: [Double]
        /// How far its running mean rose above that while all was well, > 0, `[channels]`.
        public var stray: [Double]
        /// From this mean over the channels on, a frame is surprising as a whole.
        public var burst: Double
        /// The index from which on it is drift.
        public var threshold: Double

        /// A reference.
        public init(
            limit: [Double],
            usual: [Double],
            stray: [Double],
            burst: Double,
            threshold: Double
        ) {
            self.limit = limit
            self.usual = usual
            self.stray = stray
            self.burst = burst
            self.threshold = threshold
        }
    }

    /// A ``Reference`` as it is computed with, as long as its owner lives.
    struct View: BitwiseCopyable {
        /// `[3, padded]`: limit, usual and stray.
        let fields: ChannelFields<Double>
        let burst: Double

        /// How far a channel has strayed.
        func stray(of channel: Int, mean: Double) -> Double {
            (mean - fields[1][channel]) / fields[2][channel]
        }
    }

    /// One over the number of frames that are remembered.
    public static let rate = 1.0 / 500
    /// More surprising frames than this, less the quiet ones between them, are no burst.
    static let longestBurst: Int64 = 60

    /// m, the running means, `[padded]`.
    private var padded: [Double]
    /// Surprising frames of late, less the quiet ones between them, up to the longest burst.
    private var surprising: Int64 = 0
    private let usual: Constants<Double>
    private let burst: Double
    private let channels: Int

    /// A tracker that agrees with its reference.
    public init(_ reference: Reference) {
        channels = reference.usual.count
        padded = reference.usual.padded(with: 0)
        usual = reference.fields
        burst = reference.burst
    }

    private var view: View {
        View(fields: ChannelFields(usual.numbers, channels: channels), burst: burst)
    }

    /// m, the running means, `[channels]`.
    public var means: [Double] { Array(padded[..<channels]) }

    /// How far a channel has strayed; 1 is as far as it ever did while all was well.
    public func stray(of channel: Int) -> Double {
        view.stray(of: channel, mean: padded[channel])
    }

    /// Takes in one frame and returns the index.
    ///
    /// - Parameter deviations: of the forecast, in usual sizes; NaN where there is none, `[channels]`
    public mutating func update(_ deviations: [Double]) -> Double {
        precondition(deviations.count == channels)
        var deviations = deviations.padded(with: .nan)
        var surprising = surprising
        defer { self.surprising = surprising }
        let view = view
        return padded.withFields(channels) { means in
            deviations.withNumbers { Self.update(means, &surprising, $0, view) }
        }
    }

    /// Takes in one frame and returns the index; does not allocate.
    ///
    /// - Parameter deviations: `[channels]`, with room for whole vectors
    static func update(
        _ means: ChannelFields<Double>,
        _ surprising: inout Int64,
        _ deviations: Numbers<Double>,
        _ usual: View
    ) -> Double {
        precondition(usual.fields.channels == means.channels)
        precondition(deviations.count >= means.channels)
        var rates = tocsin_stray_rates(
            rate: rate,
            burst: usual.burst,
            longest_burst: longestBurst
        )
        return unsafe tocsin_update_stray(
            means.numbers.start,
            &surprising,
            deviations.start,
            usual.fields.numbers.start,
            &rates,
            means.padded
        )
    }
}

extension ChannelStray.Reference {
    /// What is usual, field by field, `[3, padded]`.
    var fields: Constants<Double> {
        Constants(limit.padded(with: 0) + usual.padded(with: 0) + stray.padded(with: 1))
    }
}
