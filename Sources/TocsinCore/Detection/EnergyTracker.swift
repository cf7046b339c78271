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
    /// Each channel's smoothed energy beside training, dimensionless, `[channels]`.
    private(set) var energies: [Double]
    /// Each channel's smoothed energy beside the recent past, `[channels]`.
    private(set) var novelties: [Double]
    /// Each channel's recent power, at least 0, in units of the usual one, `[channels]`.
    private(set) var powers: [Double]

    /// Share of the newest frame in the energies: about 5 frames are remembered.
    static let rate = 0.2
    /// Share of the newest frame in the powers: about 300 frames are remembered.
    static let adaptation = 1.0 / 300
    /// By how much one frame may exceed the recent power and still count in full.
    static let largestStep = 30.0
    /// From here on energies grow with their logarithm.
    static let knee = 100.0

    /// A tracker at the energy that healthy channels have, 1.
    init(channels: Int) {
        energies = Array(repeating: 1, count: channels)
        novelties = energies
        powers = energies
    }

    /// Takes in one channel's deviation, in units of its usual size.
    mutating func update(channel: Int, deviation: Double) {
        let energy = deviation * deviation
        let power = powers[channel]
        energies[channel] += Self.rate * (Self.compressed(energy) - energies[channel])
        let relative = energy / max(power, 1)
        novelties[channel] += Self.rate * (Self.compressed(relative) - novelties[channel])
        powers[channel] += Self.adaptation * (min(energy, Self.largestStep * power) - power)
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
        for c in energies.indices where isCounted[c] {
            energy += energies[c]
            novelty += novelties[c]
            count += 1
        }
        return count > 0 ? (energy / Double(count), novelty / Double(count)) : nil
    }
}

extension EnergyTracker {
    func save(to writer: inout StateWriter) {
        writer.write(energies)
        writer.write(novelties)
        writer.write(powers)
    }

    mutating func restore(from reader: inout StateReader) throws(StateError) {
        let channels = energies.count
        energies = try reader.readAmounts(count: channels)
        novelties = try reader.readAmounts(count: channels)
        powers = try reader.readAmounts(count: channels)
    }
}
