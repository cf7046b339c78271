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
}
