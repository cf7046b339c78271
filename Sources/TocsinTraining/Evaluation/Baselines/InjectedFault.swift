import TocsinCore

/// A fault that is written over healthy frames, where nobody has labelled real ones.
///
/// Sizes are in a channel's spreads, and moderate: what any detector sees, and what none sees, tells
/// nothing about either.
enum InjectedFault: CaseIterable {
    /// 1 to 3 spreads too high, or too low.
    case offset
    /// Normal noise of 1 to 2 spreads on top.
    case noise
    /// The value before the fault, and no other.
    case frozen
    /// The channel as it was at another time.
    case elsewhere
    /// A jump of 3 to 6 spreads for one frame in eight.
    case spikes

    /// Writes the fault over a stretch of frames.
    ///
    /// - Parameters:
    ///   - values: in each channel's unit, NaN if missing, `[frames, channels]`
    ///   - frames: those to change, without the first one of all
    ///   - channels: those to change
    ///   - spreads: in each channel's unit, `[channels]`
    ///   - other: frames of another time, `[frames.count, channels]`
    func inject(
        into values: inout [Double],
        frames: Range<Int>,
        channels: [Int],
        spreads: [Double],
        other: [Double],
        random: inout SeededGenerator
    ) {
        let width = spreads.count
        for c in channels {
            let sign = random.uniform() < 0.5 ? -1.0 : 1.0
            let size = random.uniform()
            for t in frames {
                let i = t * width + c
                switch self {
                case .offset: values[i] += sign * (1 + 2 * size) * spreads[c]
                case .noise: values[i] += (1 + size) * random.normal() * spreads[c]
                case .frozen: values[i] = values[(frames.lowerBound - 1) * width + c]
                case .elsewhere: values[i] = other[(t - frames.lowerBound) * width + c]
                case .spikes:
                    guard (t - frames.lowerBound) % 8 == 0 else { continue }
                    values[i] += sign * (3 + 3 * size) * spreads[c]
                }
            }
        }
    }
}
