import Glibc
import TocsinCore

extension SeededGenerator {
    /// A generator of its own for one purpose, such as the noise of one channel of one device.
    ///
    /// What is drawn for one purpose never shifts what is drawn for another.
    ///
    /// Source: FNV-1a with 64 bits, Fowler, Noll, Vo, draft-eastlake-fnv.
    init(seed: UInt64, path: String...) {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func mix(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        for shift in stride(from: 0, to: 64, by: 8) {
            mix(UInt8(truncatingIfNeeded: seed >> shift))
        }
        for part in path {
            for byte in part.utf8 { mix(byte) }
            mix(0xFF)  // not in UTF-8: keeps "a", "bc" and "ab", "c" apart
        }
        self.init(seed: hash)
    }

    /// A number near `value`, normally distributed, cut off at 2.5 standard deviations.
    ///
    /// - Parameter spread: the standard deviation, as a share of `value`
    mutating func near(_ value: Double, spread: Double) -> Double {
        value * (1 + spread * min(max(normal(), -2.5), 2.5))
    }
}

/// A quantity that wanders about 0 and forgets where it was: an Ornstein-Uhlenbeck process.
struct Wander: Sendable {
    /// The standard deviation in the long run, in the quantity's unit.
    let deviation: Double
    /// After how long it has forgotten, in seconds.
    let memory: Double
    /// Where it is, in the quantity's unit.
    private(set) var value = 0.0

    init(deviation: Double, memory: Double) {
        self.deviation = deviation
        self.memory = memory
    }

    /// Advances by `dt` seconds, exactly for every `dt`.
    mutating func step(_ dt: Double, _ chance: inout SeededGenerator) {
        let kept = exp(-dt / memory)
        value = value * kept + deviation * (1 - kept * kept).squareRoot() * chance.normal()
    }
}
