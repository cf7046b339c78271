/// The energy of a vector, smoothed in time, channel by channel.
///
///     T_c ← (1 − α) T_c + α min((d_c / v_c)², 1000)
///     E   = mean of T_c over the channels that are present
///
/// With every channel present, E is the smoothed mean energy of `design/detection.md`, section 4;
/// keeping the channels apart says at any time which of them made it.
struct EnergyTracker: Sendable, Equatable {
    /// Each channel's smoothed energy, dimensionless, `[channels]`.
    private(set) var energies: [Double]
    private let rate: Double

    /// A tracker at the energy that healthy channels have, 1.
    init(channels: Int, rate: Double) {
        energies = Array(repeating: 1, count: channels)
        self.rate = rate
    }

    /// Takes in one channel's deviation, in units of its usual size.
    mutating func update(channel: Int, deviation: Double) {
        let term = min(deviation * deviation, 1000)
        energies[channel] += rate * (term - energies[channel])
    }

    /// E over the channels for which `isCounted` holds, `[channels]`, or `nil` if there is none.
    func mean(where isCounted: [Bool]) -> Double? {
        var sum = 0.0
        var count = 0
        for c in energies.indices where isCounted[c] {
            sum += energies[c]
            count += 1
        }
        return count > 0 ? sum / Double(count) : nil
    }

    /// Takes back saved energies, `[channels]`.
    mutating func restore(_ saved: [Double]) {
        precondition(saved.count == energies.count)
        energies = saved
    }
}
