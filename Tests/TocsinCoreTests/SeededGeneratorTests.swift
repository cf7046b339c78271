import Testing

@testable import TocsinCore

struct SeededGeneratorTests {
    @Test func `the sequence is SplitMix64's`() {
        // The first outputs for seed 1234567, from the reference implementation's test vector
        // (prng.di.unimi.it/splitmix64.c).
        var random = SeededGenerator(seed: 1_234_567)
        let found = (0..<3).map { _ in random.next() }
        #expect(
            found == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
            ]
        )
    }

    @Test func `normal numbers have mean 0 and spread 1`() {
        var random = SeededGenerator(seed: 3)
        let drawn = (0..<20_000).map { _ in random.normal() }
        let mean = drawn.reduce(0, +) / 20_000
        let variance = drawn.reduce(0) { $0 + $1 * $1 } / 20_000
        // Standard errors: 0.007 and 0.01.
        #expect(abs(mean) < 0.03)
        #expect(abs(variance - 1) < 0.04)
    }
}
