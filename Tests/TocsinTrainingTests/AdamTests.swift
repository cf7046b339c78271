import Testing
import TocsinTestNumbers
import TocsinNN
import TocsinTraining

struct AdamTests {
    @Test func `the first step is the learning rate, whatever the gradient's size`() {
        let blueprint = Blueprint(inputSize: 1, cell: .rnn, hiddenSize: 1)
        var parameters = Parameters(zeros: blueprint)
        var gradients = parameters
        gradients.values = [1000, 1, -1e-3, -10, 0, 5]
        var adam = Adam(blueprint: blueprint)
        adam.update(&parameters, gradients: gradients, learningRate: 0.01)
        // m / √v is the sign at the first step; ε takes 1e-5 of it at 1e-3.
        expectClose(
            parameters.values,
            [-0.01, -0.01, 0.01, 0.01, 0, -0.01],
            tolerance: 2e-7
        )
    }
}
