import Testing
import TocsinTestNumbers
import TocsinNN
import TocsinTraining

struct GradientClippingTests {
    let blueprint = Blueprint(inputSize: 1, cell: .rnn, hiddenSize: 1)

    @Test func `long gradients are scaled to the limit`() {
        var gradients = Parameters(zeros: blueprint)
        gradients.values = [3, 0, -4, 0, 0, 0]
        #expect(gradients.clip(norm: 1) == 5)
        expectClose(gradients.values, [0.6, 0, -0.8, 0, 0, 0], tolerance: 1e-6)
    }

    @Test func `short gradients stay as they are`() {
        var gradients = Parameters(zeros: blueprint)
        gradients.values = [0.3, 0, -0.4, 0, 0, 0]
        let before = gradients
        _ = gradients.clip(norm: 1)
        #expect(gradients == before)
    }
}
