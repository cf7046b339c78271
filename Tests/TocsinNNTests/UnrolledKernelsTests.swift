import Testing
import TocsinTestNumbers

@testable import TocsinNN

struct UnrolledKernelsTests {
    /// Rows around the tile's height and the gradients' 64, columns around the panel's width.
    static let shapes: [(rows: Int, inner: Int, columns: Int)] = [
        (1, 1, 1), (1, 7, 71), (2, 5, 16), (5, 9, 31), (6, 64, 48), (7, 3, 13), (13, 70, 93),
        (64, 4, 3), (65, 17, 20), (130, 40, 7),
    ]

    @Test(arguments: shapes)
    func `a linear layer equals the plain loop`(
        shape: (rows: Int, inner: Int, columns: Int)
    ) {
        let (rows, inner, columns) = shape
        let (layer, parameters) = linear(inner, columns)
        let input = Numbers.symmetric(seed: 1, count: rows * inner, scale: 1)
        var matrix = Matrix(rows: columns, columns: inner)
        matrix.elements = transposed(parameters["forecast.weight"], columns, inner)
        var expected: [Float] = []
        for row in 0..<rows {
            var y = parameters["forecast.bias"]
            multiplyAdd(matrix, Array(input[row * inner..<(row + 1) * inner]), into: &y)
            expected += y
        }
        for set in InstructionSet.supported {
            // Fused multiply-adds round once where the plain loop rounds twice.
            expectClose(
                forward(layer, parameters, input, inner, rows, set),
                expected,
                tolerance: 1e-5,
                "\(set)"
            )
        }
    }

    @Test(arguments: shapes)
    func `a row's bits do not depend on how many rows there are`(
        shape: (rows: Int, inner: Int, columns: Int)
    ) {
        let (rows, inner, columns) = shape
        let (layer, parameters) = linear(inner, columns)
        let input = Numbers.symmetric(seed: 1, count: rows * inner, scale: 1)
        for set in InstructionSet.supported {
            let together = forward(layer, parameters, input, inner, rows, set)
            let alone = (0..<rows).flatMap { row in
                let row = Array(input[row * inner..<(row + 1) * inner])
                return forward(layer, parameters, row, inner, 1, set)
            }
            #expect(together.map(\.bitPattern) == alone.map(\.bitPattern), "\(set)")
        }
    }

    @Test(arguments: shapes)
    func `a linear layer's way back equals the plain loops`(
        shape: (rows: Int, inner: Int, columns: Int)
    ) {
        let (rows, inner, columns) = shape
        let (layer, parameters) = linear(inner, columns)
        let stride = UnrolledShape.padded(inner)
        let input = Numbers.symmetric(seed: 1, count: rows * stride, scale: 1)
        let gradient = Numbers.symmetric(seed: 2, count: rows * columns, scale: 1)
        var matrix = Matrix(rows: columns, columns: inner)
        matrix.elements = transposed(parameters["forecast.weight"], columns, inner)
        var weights = Matrix(rows: columns, columns: inner)
        var bias = [Float](repeating: 0, count: columns)
        var below: [Float] = []
        for row in 0..<rows {
            let y = Array(gradient[row * columns..<(row + 1) * columns])
            outerAdd(y, Array(input[row * stride..<row * stride + inner]), into: &weights)
            for column in 0..<columns { bias[column] += y[column] }
            var x = [Float](repeating: 0, count: inner)
            transposedMultiplyAdd(matrix, y, into: &x)
            below += x
        }
        for set in InstructionSet.supported {
            var found = UnrolledLinear(layer, inputStride: stride, lanes: rows, steps: 1, set: set)
            var packed = UnrolledShape(layer, inputStride: stride, set: set).zeroWeights()
            UnrolledShape(layer, inputStride: stride, set: set).pack(parameters, into: &packed)
            found.setGradient(gradient, rows: rows)
            // Overwritten, whatever was there.
            var paddedBelow = AlignedFloats(Array(repeating: 7, count: rows * stride))
            found.backward(
                AlignedFloats(input),
                at: 0,
                packed,
                inputGradient: &paddedBelow,
                adds: false,
                steps: 1,
                lanes: rows
            )
            var gradients = parameters
            found.unpack(found.packedGradient, into: &gradients)
            // Up to 130 terms of at most 1.
            let tolerance: Float = 2e-5
            expectClose(gradients["forecast.weight"], weights.rowMajor, tolerance: tolerance)
            expectClose(gradients["forecast.bias"], bias, tolerance: tolerance)
            let foundBelow = (0..<rows).flatMap {
                paddedBelow[$0 * stride..<$0 * stride + inner]
            }
            expectClose(foundBelow, below, tolerance: tolerance)
        }
    }

    @Test(arguments: CellKind.allCases)
    func `gates stay finite at the ends of the range, and a NaN stays one`(kind: CellKind) {
        let size = 21
        let blueprint = Blueprint(inputSize: 2, cell: kind, hiddenSize: size)
        for extreme: Float in [-3e38, -1e4, -100, 100, 1e4, 3e38, .nan] {
            var parameters = Parameters(zeros: blueprint)
            parameters["encoder.bias_ih_l0"] = Array(
                repeating: extreme,
                count: kind.gates * size
            )
            for set in InstructionSet.supported {
                let state = thereAndBack(kind, parameters, [0.5, 0.5], lanes: 1, set).state
                let hidden = state[32..<32 + size]
                #expect(state.allSatisfy { !(abs($0) > 1.5) }, "\(extreme)")
                #expect(hidden.allSatisfy { $0.isNaN == extreme.isNaN }, "\(extreme)")
            }
        }
    }

    @Test(arguments: CellKind.allCases)
    func `a lane's bits do not depend on its company`(kind: CellKind) {
        let (lanes, steps, size) = (7, 3, 21)
        let blueprint = Blueprint(inputSize: 2, cell: kind, hiddenSize: size)
        let parameters = Parameters(blueprint, seed: 1, scale: 0.5)
        let inputs = Numbers.symmetric(seed: 2, count: steps * lanes * 2, scale: 2)
        for set in InstructionSet.supported {
            let together = thereAndBack(kind, parameters, inputs, lanes: lanes, set)
            for lane in 0..<lanes {
                var own: [Float] = []
                for step in 0..<steps {
                    let first = (step * lanes + lane) * 2
                    own += inputs[first..<first + 2]
                }
                let alone = thereAndBack(kind, parameters, own, lanes: 1, set)
                for step in 0...steps {
                    let first = (step * lanes + lane) * 32
                    let here = Array(together.state[first..<first + 32])
                    let there = Array(alone.state[step * 32..<(step + 1) * 32])
                    #expect(here.map(\.bitPattern) == there.map(\.bitPattern))
                }
                let (here, there) = (together.last[lane], alone.last[0])
                #expect(here.map(\.bitPattern) == there.map(\.bitPattern))
            }
        }
    }

    /// A linear layer with random weights.
    private func linear(_ inner: Int, _ columns: Int) -> (LinearLayer, Parameters) {
        let blueprint = Blueprint(inputSize: columns, cell: .rnn, hiddenSize: inner)
        let parameters = Parameters(blueprint, seed: 3, scale: 1)
        return (LinearLayer("forecast", from: inner, to: columns, in: parameters), parameters)
    }

    private func forward(
        _ layer: LinearLayer,
        _ parameters: Parameters,
        _ input: [Float],
        _ inner: Int,
        _ rows: Int,
        _ set: InstructionSet
    ) -> [Float] {
        let shape = UnrolledShape(layer, inputStride: inner, set: set)
        var weights = shape.zeroWeights()
        shape.pack(parameters, into: &weights)
        var linear = UnrolledLinear(layer, inputStride: inner, lanes: rows, steps: 1, set: set)
        linear.forward(AlignedFloats(input), at: 0, weights, steps: 1, lanes: rows)
        var output = [Float](repeating: 0, count: rows * layer.outputSize)
        linear.copyOutput(to: &output, rows: rows)
        return output
    }

    /// All states, and of each lane the gradient of its first inputs, if the hidden state after the
    /// last step has the gradient 1.
    private func thereAndBack(
        _ kind: CellKind,
        _ parameters: Parameters,
        _ inputs: [Float],
        lanes: Int,
        _ set: InstructionSet
    ) -> (state: [Float], last: [[Float]]) {
        let blueprint = Blueprint(inputSize: 2, cell: kind, hiddenSize: 21)
        let layer = Network(blueprint, parameters).encoder[0]
        let steps = inputs.count / 2 / lanes
        let shape = UnrolledShape(layer, inputStride: 16, set: set)
        var weights = shape.zeroWeights()
        shape.pack(parameters, into: &weights)
        var unrolled = UnrolledLayer(
            layer,
            inputStride: 16,
            lanes: lanes,
            steps: steps,
            set: set
        )
        var padded: [Float] = []
        for row in 0..<steps * lanes {
            padded += inputs[row * 2..<row * 2 + 2]
            padded += Array(repeating: 0, count: 14)
        }
        let rows = AlignedFloats(padded)
        unrolled.forward(rows, at: 0, weights, steps: steps, lanes: lanes)
        for lane in 0..<lanes {
            for unit in 0..<21 {
                unrolled.gradient[((steps - 1) * lanes + lane) * 32 + unit] = 1
            }
        }
        // Overwritten, whatever was there.
        var below = AlignedFloats(Array(repeating: 7, count: steps * lanes * 16))
        unrolled.backward(
            rows,
            at: 0,
            weights,
            inputGradient: &below,
            adds: false,
            steps: steps,
            lanes: lanes
        )
        let last = (0..<lanes).map { Array(below[$0 * 16..<$0 * 16 + 2]) }
        return (Array(unrolled.state), last)
    }

    /// `rows × columns` elements, row-major, column by column.
    private func transposed(_ elements: [Float], _ rows: Int, _ columns: Int) -> [Float] {
        (0..<columns).flatMap { column in (0..<rows).map { elements[$0 * columns + column] } }
    }
}
