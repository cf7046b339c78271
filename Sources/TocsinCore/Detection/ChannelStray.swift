/// How far each channel's surprise has strayed from its usual size, and how many channels have.
///
///     m_c ← m_c + (min(d_c², limit_c) − m_c)/500,  from m_c = usual_c
///     z_c = (m_c − usual_c) / stray_c
///
/// The index is the z of an eighth of the channels: so many have strayed at least as far. An anomaly
/// drives a few channels far; drift moves several for long. The limit keeps a spike, however high,
/// from being long, and frames that are surprising as a whole count only once there have been more
/// of them than a burst has. Source: measured; see <doc:WatchingForDrift>.
public struct ChannelStray: Sendable, Equatable {
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

    /// A tracker that agrees with its reference.
    public init(_ reference: Reference) {
        means = reference.usual
    }

    /// How far a channel has strayed; 1 is as far as it ever did while all was well.
    public func stray(of channel: Int, _ reference: Reference) -> Double {
        (means[channel] - reference.usual[channel]) / reference.stray[channel]
    }

    /// Takes in one frame and returns the index; does not allocate.
    ///
    /// - Parameters:
    ///   - deviations: of the forecast, in usual sizes; NaN where there is none, `[channels]`
    ///   - reference: what is usual
    public mutating func update(_ deviations: [Double], reference: Reference) -> Double {
        var sum = 0.0
        var present = 0
        for c in means.indices where !deviations[c].isNaN {
            sum += min(deviations[c] * deviations[c], reference.limit[c])
            present += 1
        }
        guard present > 0 else { return 0 }
        let isSurprising = sum > reference.burst * Double(present)
        surprising = min(max(surprising + (isSurprising ? 1 : -1), 0), Self.longestBurst)
        let counts = !isSurprising || surprising == Self.longestBurst

        let rank = min(present / 8, Self.most - 1)
        var top = InlineArray<16, Double>(repeating: -.infinity)
        for c in means.indices where !deviations[c].isNaN {
            if counts {
                let square = min(deviations[c] * deviations[c], reference.limit[c])
                means[c] += Self.rate * (square - means[c])
            }
            var z = stray(of: c, reference)
            for k in 0...rank where z > top[k] { swap(&z, &top[k]) }
        }
        return max(top[rank], 0)
    }
}

extension ChannelStray {
    func save(to writer: inout StateWriter) {
        writer.write(means)
        writer.write(surprising)
    }

    mutating func restore(from reader: inout StateReader) throws(StateError) {
        means = try reader.readAmounts(count: means.count)
        surprising = try reader.readCount()
        guard surprising <= Self.longestBurst else { throw .inconsistent }
    }
}
