import Glibc

/// How large a residual is, channel by channel, beside two measures: what was usual in training, and
/// what has been usual of late.
///
///     q_c = (d_c / v_c)²                     in units of the usual residual
///     T_c ← T_c + 0.2 (s(q_c) − T_c)         beside training
///     N_c ← N_c + 0.2 (s(q_c / max(w_c, 1)) − N_c)   beside the recent past, too
///     w_c ← w_c + (min(q_c, 30 w_c) − w_c) / 300
///
/// with s(q) = q up to 100, and 100 (1 + ln(q/100)) above: a channel that is out by a factor of a
/// thousand must not drown the others, and still counts for more than one that is out by ten.
///
/// w is the recent power of a channel's residual. It rises slowly, since one frame counts for at most
/// thirty times what was usual of late, and never below 1: a machine that is quieter than it was trained does not
/// become touchy. So a channel that has left its training range for good is a surprise for some
/// hundreds of frames and then no more, and the others are heard again.
///
/// What was tried instead is in the article <doc:ChoosingTheModel>.
struct EnergyTracker: Sendable, Equatable {
    /// What is remembered of a channel, dimensionless.
    ///
    /// At first it is the energy of a healthy one, 1.
    struct Channel: Equatable {
        /// Smoothed energy beside training.
        var energy = 1.0
        /// Smoothed energy beside the recent past.
        var novelty = 1.0
        /// Recent power, at least 0, in units of the usual one.
        var power = 1.0
    }

    /// What is remembered of each, `[channels]`.
    private(set) var channels: [Channel]

    /// Share of the newest frame in the energies: about 5 frames are remembered.
    static let rate = 0.2
    /// Share of the newest frame in the powers: about 300 frames are remembered.
    static let adaptation = 1.0 / 300
    /// By how much one frame may exceed the recent power and still count in full.
    static let largestStep = 30.0
    /// From here on energies grow with their logarithm.
    static let knee = 100.0

    /// A tracker that has seen nothing.
    init(channels: Int) {
        self.channels = Array(repeating: Channel(), count: channels)
    }

    /// Takes in the deviations, in units of their usual sizes.
    ///
    /// - Parameter deviations: NaN for a channel without, `[channels]`
    mutating func update(_ deviations: [Double]) {
        var channels = channels.mutableSpan
        let deviations = deviations.span
        for c in channels.indices where !deviations[c].isNaN {
            channels[c].update(deviation: deviations[c])
        }
    }

    static func compressed(_ energy: Double) -> Double {
        energy <= knee ? energy : knee * (1 + log(energy / knee))
    }

    /// The two energies' means over the channels for which `isCounted` holds, `[channels]`, or `nil` if
    /// there is none.
    func means(where isCounted: [Bool]) -> (energy: Double, novelty: Double)? {
        var energy = 0.0
        var novelty = 0.0
        var count = 0
        let channels = channels.span
        let isCounted = isCounted.span
        for c in channels.indices where isCounted[c] {
            energy += channels[c].energy
            novelty += channels[c].novelty
            count += 1
        }
        return count > 0 ? (energy / Double(count), novelty / Double(count)) : nil
    }
}

extension EnergyTracker.Channel {
    /// Takes in the channel's deviation, in units of its usual size.
    @inline(__always)
    mutating func update(deviation: Double) {
        typealias Tracker = EnergyTracker
        let square = deviation * deviation
        energy += Tracker.rate * (Tracker.compressed(square) - energy)
        let relative = square / max(power, 1)
        novelty += Tracker.rate * (Tracker.compressed(relative) - novelty)
        power += Tracker.adaptation * (min(square, Tracker.largestStep * power) - power)
    }
}

extension EnergyTracker {
    func save(to writer: inout StateWriter) {
        writer.write(channels.map(\.energy))
        writer.write(channels.map(\.novelty))
        writer.write(channels.map(\.power))
    }

    mutating func restore(from reader: inout StateReader) throws(StateError) {
        let energies = try reader.readAmounts(count: channels.count)
        let novelties = try reader.readAmounts(count: channels.count)
        let powers = try reader.readAmounts(count: channels.count)
        for c in channels.indices {
            channels[c] = Channel(energy: energies[c], novelty: novelties[c], power: powers[c])
        }
    }
}
