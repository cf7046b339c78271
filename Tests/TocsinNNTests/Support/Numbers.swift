/// Reproducible numbers that Python makes as well: SplitMix64, as in `SeededGenerator` and in
/// `Fixtures/make_nn_fixtures.py`.
struct Numbers {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    /// Drawn evenly from [0, 1).
    mutating func uniform() -> Double {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        z ^= z >> 31
        return Double(z >> 11) * 0x1p-53
    }

    /// `count` numbers from [−scale, scale).
    static func symmetric(seed: UInt64, count: Int, scale: Double) -> [Float] {
        var numbers = Numbers(seed: seed)
        return (0..<count).map { _ in Float((2 * numbers.uniform() - 1) * scale) }
    }
}
