import Testing
import TocsinTestNumbers

@testable import TocsinNN

struct KernelsTests {
    @Test func `a step of Adam follows PyTorch's formula`() {
        var parameters: [Float] = [1, -2]
        var first: [Float] = [0.1, 0]
        var second: [Float] = [0.01, 0]
        Kernels.adam(
            &parameters,
            gradients: [0.5, -1],
            first: &first,
            second: &second,
            decay: (0.9, 0.999),
            stepSize: 0.003,
            root: 0.5,
            epsilon: 1e-8
        )
        // m = 0.9 m + 0.1 g, v = 0.999 v + 0.001 g², p −= 0.003 m / (√v / 0.5 + 1e-8), by hand.
        expectClose(first, [0.14, -0.1], tolerance: 1e-7)
        expectClose(second, [0.01024, 0.001], tolerance: 1e-8)
        expectClose(parameters, [0.9979247, -1.9952566], tolerance: 1e-6)
    }

    /// Lengths around the eight that are summed side by side.
    @Test(arguments: [0, 1, 7, 8, 9, 15, 16, 17, 1003])
    func `sums of every length are those of the plain loop`(count: Int) {
        let start = 3
        let x = Numbers.symmetric(seed: 1, count: start + count, scale: 1)
        let y = Numbers.symmetric(seed: 2, count: count, scale: 1)
        let weights = Numbers.symmetric(seed: 3, count: start + count, scale: 1)
        var (sum, squares, errors) = (0.0, 0.0, 0.0)
        for index in 0..<count {
            let difference = Double(y[index] - x[start + index])
            sum += Double(x[start + index])
            squares += Double(y[index]) * Double(y[index])
            errors += Double(weights[start + index]) * difference * difference
        }
        let found = Kernels.squaredError(y, target: x, weights: weights, at: start, count: count)
        // Doubles in another order: up to 1003 terms of at most 4.
        #expect(abs(Kernels.sum(x, at: start, count: count) - sum) < 1e-11)
        #expect(abs(Kernels.sumOfSquares(y) - squares) < 1e-11)
        #expect(abs(found - errors) < 1e-11)
    }
}
