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

    /// What is usual of one channel.
    struct Usual: BitwiseCopyable {
        var limit: Double
        var usual: Double
        var stray: Double
    }

    /// One over the number of frames that are remembered.
    public static let rate = 1.0 / 500
    /// More surprising frames than this, less the quiet ones between them, are no burst.
    static let longestBurst: Int64 = 60
    /// So many of the largest z are looked at, at most.
    private static let most = 16

    /// m, the running means, `[channels]`.
    public private(set) var means: [Double]
    /// Surprising frames of late, less the quiet ones between them, up to the longest burst.
    private var surprising: Int64 = 0
    private var usual: [Usual]
    private let burst: Double

    /// A tracker that agrees with its reference.
    public init(_ reference: Reference) {
        means = reference.usual
        usual = reference.channels
        burst = reference.burst
    }

    /// How far a channel has strayed; 1 is as far as it ever did while all was well.
    public func stray(of channel: Int) -> Double {
        Self.stray(means[channel], usual[channel])
    }

    @inline(__always)
    static func stray(_ mean: Double, _ usual: Usual) -> Double {
        (mean - usual.usual) / usual.stray
    }

    /// Takes in one frame and returns the index.
    ///
    /// - Parameter deviations: of the forecast, in usual sizes; NaN where there is none, `[channels]`
    public mutating func update(_ deviations: [Double]) -> Double {
        var channels = deviations.scorerChannels
        var surprising = surprising
        defer { self.surprising = surprising }
        return means.withNumbers { means in
            usual.withNumbers { usual in
                channels.withNumbers {
                    Self.update(means, &surprising, $0, usual, burst: burst)
                }
            }
        }
    }

    /// Takes in one frame and returns the index; does not allocate.
    static func update(
        _ means: Numbers<Double>,
        _ surprising: inout Int64,
        _ channels: Numbers<AnomalyScorer.Channel>,
        _ usual: Numbers<Usual>,
        burst: Double
    ) -> Double {
        var sum = 0.0
        var present = 0
        for c in channels.indices {
            let deviation = channels[c].deviation
            guard !deviation.isNaN else { continue }
            sum += min(deviation * deviation, usual[c].limit)
            present += 1
        }
        guard present > 0 else { return 0 }
        let isSurprising = sum > burst * Double(present)
        surprising = min(max(surprising + (isSurprising ? 1 : -1), 0), longestBurst)
        let counts = !isSurprising || surprising == longestBurst

        let rank = min(present / 8, most - 1)
        var top = InlineArray<16, Double>(repeating: -.infinity)
        for c in channels.indices {
            let deviation = channels[c].deviation
            guard !deviation.isNaN else { continue }
            let usual = usual[c]
            if counts {
                let square = min(deviation * deviation, usual.limit)
                means[c] += rate * (square - means[c])
            }
            var z = stray(means[c], usual)
            // Always the same steps: which of two is larger, nobody can foresee.
            for k in 0...rank {
                let isLarger = z > top[k]
                let smaller = isLarger ? top[k] : z
                top[k] = isLarger ? z : top[k]
                z = smaller
            }
        }
        return max(top[rank], 0)
    }
}

extension ChannelStray.Reference {
    /// What is usual, channel by channel.
    var channels: [ChannelStray.Usual] {
        limit.indices.map {
            ChannelStray.Usual(limit: limit[$0], usual: usual[$0], stray: stray[$0])
        }
    }
}

extension [Double] {
    /// Deviations as a scorer holds them.
    var scorerChannels: [AnomalyScorer.Channel] {
        map { AnomalyScorer.Channel(deviation: $0, isCounted: !$0.isNaN) }
    }
}
