import TocsinCore

extension ChannelStray.Reference {
    /// How often as far as in training an eighth of the channels must have strayed.
    ///
    /// Four false runs in 54 clean stretches of servers asked for 3.7; see the article
    /// `WatchingForDrift`.
    static let margin = 4.0

    /// Fits what is usual on everything that there is, the frames the network was fitted on, too:
    /// how far a channel strays depends less on that than on having seen many days.
    ///
    /// - Parameters:
    ///   - streams: deviations in usual sizes, `[sequences][frames][channels]`
    init(fitting streams: [[[Double]]], channels: Int) {
        var limit = Array(repeating: 0.0, count: channels)
        var usual = limit
        var spread = limit
        for c in 0..<channels {
            var squares: [Double] = []
            for stream in streams {
                for frame in stream where !frame[c].isNaN { squares.append(frame[c] * frame[c]) }
            }
            guard !squares.isEmpty else { continue }
            let cap = squares.sorted().quantile(0.99)
            limit[c] = cap
            let count = Double(squares.count)
            let mean = squares.reduce(0) { $0 + min($1, cap) } / count
            let variance = squares.reduce(0) { $0 + (min($1, cap) - mean) * (min($1, cap) - mean) }
            usual[c] = mean
            spread[c] = (variance / count).squareRoot()
        }
        self.init(
            limit: limit,
            usual: usual,
            // Below a tenth of the spread, a mean of 500 frames says nothing.
            stray: spread.map { 0.02 * $0 + 1e-3 },
            burst: Self.burst(streams, limit: limit),
            threshold: Self.margin
        )
        // How far the running means strayed, by the daemon's own tracker.
        let first = self
        var largest = stray
        for stream in streams {
            var tracker = ChannelStray(first)
            for frame in stream {
                _ = tracker.update(frame)
                for c in 0..<channels { largest[c] = max(largest[c], tracker.means[c] - usual[c]) }
            }
        }
        stray = largest
    }

    /// The mean over the channels that one frame in two hundred exceeds.
    private static func burst(_ streams: [[[Double]]], limit: [Double]) -> Double {
        var means: [Double] = []
        for stream in streams {
            for frame in stream {
                var sum = 0.0
                var count = 0.0
                for c in frame.indices where !frame[c].isNaN {
                    sum += min(frame[c] * frame[c], limit[c])
                    count += 1
                }
                if count > 0 { means.append(sum / count) }
            }
        }
        return means.isEmpty ? 0 : means.sorted().quantile(0.995)
    }
}
