/// How well the first channels of a ranking name the causes of events.
///
/// With the first k channels of the ranking, and n named causes of which they contain m,
///
///     share = m / min(k, n)        hit = 1 if m > 0, else 0
///
/// each as a mean over the events. Some experts name nearly every channel, so read both beside what
/// k channels drawn by lot out of C would reach: k n / C / min(k, n), and 1 − C(C − n, k) / C(C, k).
///
/// Source: the share is HitRate@P of Su et al. 2019, KDD, "Robust Anomaly Detection for Multivariate Time
/// Series through Stochastic Recurrent Neural Network", but with the k that an operator
/// reads, and not a multiple of n that he does not know.
public struct CauseScore: Sendable, Equatable {
    /// The numbers of channels that are looked at.
    public static let depths = [3, 5]

    /// Events that count.
    public private(set) var events = 0
    private var shares: [Double]
    private var hits: [Double]
    private var sharesByChance: [Double]
    private var hitsByChance: [Double]

    /// A score over no events.
    public init() {
        shares = Self.depths.map { _ in 0 }
        hits = shares
        sharesByChance = shares
        hitsByChance = shares
    }

    /// Adds an event.
    ///
    /// - Parameters:
    ///   - ranking: channels by name, the most blamed first; may be shorter than a depth
    ///   - causes: the channels that somebody named; an event without any does not count
    ///   - channels: how many channels there are to choose from
    public mutating func add(ranking: [String], causes: Set<String>, channels: Int) {
        guard !causes.isEmpty else { return }
        events += 1
        for (i, depth) in Self.depths.enumerated() {
            let found = ranking.prefix(depth).count { causes.contains($0) }
            let most = Double(min(depth, causes.count))
            shares[i] += Double(found) / most
            hits[i] += found > 0 ? 1 : 0
            let drawn = min(depth, channels)
            sharesByChance[i] += Double(drawn * causes.count) / Double(channels) / most
            var misses = 1.0
            for k in 0..<drawn {
                misses *= Double(max(channels - causes.count - k, 0)) / Double(channels - k)
            }
            hitsByChance[i] += 1 - misses
        }
    }

    /// Adds the events of another series.
    public static func += (score: inout CauseScore, other: CauseScore) {
        score.events += other.events
        for i in depths.indices {
            score.shares[i] += other.shares[i]
            score.hits[i] += other.hits[i]
            score.sharesByChance[i] += other.sharesByChance[i]
            score.hitsByChance[i] += other.hitsByChance[i]
        }
    }

    /// The share of causes among the first ``depths``[i] channels, 0 … 1; `nil` without events.
    public func share(_ i: Int) -> Double? { mean(shares[i]) }

    /// The share of events of which at least one cause is among them, 0 … 1; `nil` without events.
    public func hit(_ i: Int) -> Double? { mean(hits[i]) }

    /// What ``share(_:)`` would be for channels drawn by lot.
    public func shareByChance(_ i: Int) -> Double? { mean(sharesByChance[i]) }

    /// What ``hit(_:)`` would be for channels drawn by lot.
    public func hitByChance(_ i: Int) -> Double? { mean(hitsByChance[i]) }

    private func mean(_ sum: Double) -> Double? { events == 0 ? nil : sum / Double(events) }
}
