import TocsinCore

/// A fault that is written over healthy frames, where nobody has labelled real ones.
///
/// Each kind strikes either a few sensors, each on its own, or the whole device at once, along a way that
/// it has gone before. The former breaks what the channels have to do with each other, which a frame
/// shows by itself; the latter leaves that whole and breaks the course of time. Sizes are moderate: what
/// any detector sees, and what none sees, tells nothing about either.
struct InjectedFault {
    /// What happens.
    enum Kind: CaseIterable {
        /// 1 to 3 units too high, or too low.
        case offset
        /// Normal noise of 1 to 2 units on top.
        case noise
        /// The values before the fault, and no others.
        case frozen
        /// The values of another time.
        case elsewhere
        /// A jump of 3 to 6 units for one frame in eight.
        case spikes
    }

    let kind: Kind
    /// The channels that it strikes.
    let channels: [Int]
    /// What sizes are counted in, in each channel's own unit, `[all channels]`.
    let units: [Double]
    /// Whether all channels are moved by the same number of units.
    let isJoint: Bool

    /// Writes the fault over a stretch of frames.
    ///
    /// - Parameters:
    ///   - values: in each channel's unit, NaN if missing, `[frames, all channels]`
    ///   - frames: those to change, without the first one of all
    ///   - other: frames of another time, `[frames.count, all channels]`
    func inject(
        into values: inout [Double],
        frames: Range<Int>,
        other: [Double],
        random: inout SeededGenerator
    ) {
        let width = units.count
        let draws = isJoint ? 1 : channels.count
        let signs = (0..<draws).map { _ in random.uniform() < 0.5 ? -1.0 : 1.0 }
        let sizes = (0..<draws).map { _ in random.uniform() }
        for t in frames {
            let noise = (0..<draws).map { _ in random.normal() }
            for (k, c) in channels.enumerated() {
                let draw = isJoint ? 0 : k
                let i = t * width + c
                let since = t - frames.lowerBound
                switch kind {
                case .offset: values[i] += signs[draw] * (1 + 2 * sizes[draw]) * units[c]
                case .noise: values[i] += (1 + sizes[draw]) * noise[draw] * units[c]
                case .frozen: values[i] = values[(frames.lowerBound - 1) * width + c]
                case .elsewhere: values[i] = other[since * width + c]
                case .spikes:
                    guard since % 8 == 0 else { continue }
                    values[i] += signs[draw] * (3 + 3 * sizes[draw]) * units[c]
                }
            }
        }
    }
}
