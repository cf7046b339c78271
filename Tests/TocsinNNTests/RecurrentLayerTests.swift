import Testing
import TocsinTestNumbers

@testable import TocsinNN

struct RecurrentLayerTests {
    // 21 units: one vector of 16, and every tail.
    private func blueprint(_ cell: CellKind) -> Blueprint {
        Blueprint(inputSize: 3, cell: cell, hiddenSize: 21)
    }

    @Test(arguments: CellKind.allCases)
    func `the fast step equals the plain one over 200 steps`(kind: CellKind) throws {
        let blueprint = self.blueprint(kind)
        let parameters = Parameters(blueprint, seed: 1, scale: 0.3)
        let cell = kind.plainCell(inputSize: 3, hiddenSize: 21, parameters: parameters)
        let autoencoder = try Autoencoder(blueprint: blueprint, parameters: parameters)
        let inputs = Numbers.symmetric(seed: 2, count: 600, scale: 3)
        var plain = RecurrentState(zeros: 21)
        var fast = autoencoder.zeroState()
        for step in 0..<200 {
            let input = Array(inputs[step * 3..<(step + 1) * 3])
            cell.step(input, state: &plain)
            autoencoder.step(input, state: &fast)
            // The gates' own error is 1.4e-7; the state forgets it as fast as it makes it.
            expectClose(
                Array(fast.recurrent[autoencoder.hiddenRange]),
                plain.hidden,
                tolerance: 2e-6,
                "step \(step)"
            )
            if kind == .lstm {
                expectClose(Array(fast.recurrent[21...]), plain.memory, tolerance: 4e-6)
            }
        }
    }

    @Test(arguments: CellKind.allCases)
    func `the fast way back equals the plain one`(kind: CellKind) throws {
        let (steps, size) = (6, 21)
        let blueprint = self.blueprint(kind)
        let parameters = Parameters(blueprint, seed: 1, scale: 0.3)
        let cell = kind.plainCell(inputSize: 3, hiddenSize: size, parameters: parameters)
        let inputs = Numbers.symmetric(seed: 2, count: steps * 3, scale: 3)
        let above = Numbers.symmetric(seed: 3, count: steps * size, scale: 1)

        // Rows are padded to 16 and 32.
        var layer = UnrolledLayer(
            Network(blueprint, parameters).encoder[0],
            inputStride: 16,
            lanes: 1,
            steps: steps,
            set: .preferred
        )
        var packed = try PackedParameters(zeros: blueprint)
        packed.load(parameters)
        let weights = packed.recurrent[0].weights
        let paddedInputs = AlignedFloats(padded(inputs, 3, to: 16))
        layer.forward(paddedInputs, at: 0, weights, steps: steps, lanes: 1)
        layer.gradient = AlignedFloats(padded(above, size, to: 32))
        var found = Parameters(zeros: blueprint)
        var paddedGradient = AlignedFloats(zeros: steps * 16)
        layer.backward(
            paddedInputs,
            at: 0,
            weights,
            inputGradient: &paddedGradient,
            adds: false,
            steps: steps,
            lanes: 1
        )
        layer.unpack(layer.packedGradient, into: &found)
        let inputGradient = (0..<steps).flatMap { paddedGradient[$0 * 16..<$0 * 16 + 3] }

        let (expected, expectedInput) = plainBackward(cell, inputs, above, steps: steps)
        // Sums of up to 6 × 84 products of order 1.
        let tolerance: Float = 2e-5
        expectClose(inputGradient, expectedInput, tolerance: tolerance)
        expectClose(
            found["encoder.weight_ih_l0"],
            expected.inputWeights.rowMajor,
            tolerance: tolerance
        )
        expectClose(
            found["encoder.weight_hh_l0"],
            expected.hiddenWeights.rowMajor,
            tolerance: tolerance
        )
        expectClose(found["encoder.bias_ih_l0"], expected.inputBias, tolerance: tolerance)
        expectClose(found["encoder.bias_hh_l0"], expected.hiddenBias, tolerance: tolerance)
    }

    private func padded(_ rows: [Float], _ size: Int, to stride: Int) -> [Float] {
        var result: [Float] = []
        for start in Swift.stride(from: 0, to: rows.count, by: size) {
            result += rows[start..<start + size]
            result += Array(repeating: 0, count: stride - size)
        }
        return result
    }

    private func plainBackward(
        _ cell: some RecurrentCell,
        _ inputs: [Float],
        _ above: [Float],
        steps: Int
    ) -> (CellGradients, [Float]) {
        let size = cell.hiddenSize
        var states = [RecurrentState(zeros: size)]
        for step in 0..<steps {
            var state = states[step]
            cell.step(Array(inputs[step * 3..<(step + 1) * 3]), state: &state)
            states.append(state)
        }
        var gradients = CellGradients(zeros: cell)
        var gradient = RecurrentState(zeros: size)
        var inputGradient = [Float](repeating: 0, count: inputs.count)
        for step in (0..<steps).reversed() {
            for unit in 0..<size {
                gradient.hidden[unit] += above[step * size + unit]
            }
            let range = step * 3..<(step + 1) * 3
            inputGradient.replaceSubrange(
                range,
                with: cell.stepBackward(
                    Array(inputs[range]),
                    before: states[step],
                    gradient: &gradient,
                    into: &gradients
                )
            )
        }
        return (gradients, inputGradient)
    }
}
