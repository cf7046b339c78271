import Glibc

/// How large a channel's residual is, beside two measures: what was usual in training, and what has
/// been usual of late.
///
///     q = (d / v)²                     in units of the usual residual
///     T ← T + 0.2 (s(q) − T)           beside training
///     N ← N + 0.2 (s(q / max(w, 1)) − N)   beside the recent past, too
///     w ← w + (min(q, 30 w) − w) / 300
///
/// with s(q) = q up to 100, and 100 (1 + ln(q/100)) above: a channel that is out by a factor of a
/// thousand must not drown the others, and still counts for more than one that is out by ten.
///
/// w is the recent power of the residual. It rises slowly, since one frame counts for at most thirty
/// times what was usual of late, and never below 1: a machine that is quieter than it was trained does
/// not become touchy. So a channel that has left its training range for good is a surprise for some
/// hundreds of frames and then no more, and the others are heard again.
///
/// What was tried instead is in the article <doc:ChoosingTheModel>.
struct ChannelEnergy: BitwiseCopyable, Sendable, Equatable {
    /// Smoothed energy beside training; at first that of a healthy channel, 1.
    var trained = 1.0
    /// Smoothed energy beside the recent past.
    var recent = 1.0
    /// Recent power, at least 0, in units of the usual one.
    var power = 1.0

    /// Share of the newest frame in the energies: about 5 frames are remembered.
    static let rate = 0.2
    /// Share of the newest frame in the power: about 300 frames are remembered.
    static let adaptation = 1.0 / 300
    /// By how much one frame may exceed the recent power and still count in full.
    static let largestStep = 30.0
    /// From here on energies grow with their logarithm.
    static let knee = 100.0

    /// Takes in the channel's deviation, in units of its usual size.
    @inline(__always)
    mutating func update(deviation: Double) {
        let square = deviation * deviation
        trained += Self.rate * (Self.compressed(square) - trained)
        let relative = square / max(power, 1)
        recent += Self.rate * (Self.compressed(relative) - recent)
        power += Self.adaptation * (min(square, Self.largestStep * power) - power)
    }

    @inline(__always)
    static func compressed(_ energy: Double) -> Double {
        energy <= knee ? energy : beyondKnee(energy)
    }

    @inline(never)
    private static func beyondKnee(_ energy: Double) -> Double { knee * (1 + log(energy / knee)) }
}
