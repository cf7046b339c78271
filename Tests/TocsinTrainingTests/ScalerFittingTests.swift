import Testing
import TocsinTestNumbers
import TocsinCore

@testable import TocsinTraining

struct ScalerFittingTests {
    private func fit(_ values: [Double], _ method: ScalerMethod) -> [Double] {
        let scaler = Scaler(
            fitting: [Series.sequence(values.map { [$0] })],
            channels: 1,
            method: method
        )
        return [scaler.offset[0], 1 / scaler.gain[0]]
    }

    @Test func `each method finds middle and spread`() {
        let values: [Double] = [1, 2, 3, 4, 10]
        // Mean 4, variance (9 + 4 + 1 + 0 + 36)/5 = 10; quartiles 2 and 4, median 3.
        expectClose(fit(values, .standard), [4, 10.0.squareRoot()], tolerance: 1e-12)
        expectClose(fit(values, .minmax), [5.5, 4.5], tolerance: 1e-12)
        expectClose(fit(values, .robust), [3, 2 / 1.349], tolerance: 1e-12)
        expectClose(fit(values, .none), [0, 1], tolerance: 0)
    }

    @Test func `a spread has floors`() {
        // Constant: a tenth of the value, at least 0.1.
        expectClose(fit([50, 50, 50], .standard), [50, 5], tolerance: 1e-12)
        expectClose(fit([0, 0], .standard), [0, 0.1], tolerance: 1e-12)
        // Hardly moving: a thousandth of the mean.
        expectClose(fit([1000, 1000.001], .minmax), [1000.0005, 1.0000015], tolerance: 1e-6)
        // One spike: 2 % of the range.
        let spike = Array(repeating: 0.0, count: 100_000) + [100]
        expectClose(fit(spike, .standard), [0.001, 2], tolerance: 1e-3)
        expectClose(fit(spike, .robust), [0, 2], tolerance: 1e-12)
    }

    @Test func `missing values take no part, and a channel without any is left alone`() {
        expectClose(fit([1, .nan, 3], .minmax), [2, 1], tolerance: 1e-12)
        expectClose(fit([.nan, .nan], .standard), [0, 1], tolerance: 0)
    }
}
