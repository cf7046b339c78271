import Testing

@testable import TocsinCore

struct ScalerTests {
    @Test func `a value is moved, stretched and clipped, a missing one stays missing`() {
        let scaler = Scaler(offset: [10, 0, -5, 0], gain: [2, 0.5, 1, 1])
        var features: [Float] = [9, 9, 9, 9]
        scaler.transform([11, -3, .nan, 1e30], into: &features)
        #expect(Array(features[..<2]) == [2, -1.5])
        #expect(features[2].isNaN)
        #expect(features[3] == Scaler.residualLimit)
        scaler.transform([-1e300, 0, 0, -.infinity], into: &features)
        #expect(features == [-20, 0, 5, -20])
    }

    @Test func `a large counter keeps its last digits`() {
        let scaler = Scaler(offset: [4_000_000_000], gain: [0.1])
        var features: [Float] = [0]
        scaler.transform([4_000_000_003.5], into: &features)
        #expect(features == [0.35])
    }

    @Test func `a feature is turned back into the channel's unit`() {
        let scaler = Scaler(offset: [10], gain: [0.25])
        #expect(scaler.value(of: 2, channel: 0) == 18)
    }
}
