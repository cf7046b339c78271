/// One layer of a recurrent network, advanced one time step at a time, in its plain form.
///
/// This form is there to be read and to be trusted; the daemon and the trainer run
/// ``RecurrentLayer``, which a test holds against it. A cell is weights only: what a device
/// remembers between steps is its ``RecurrentState``, which the caller keeps.
protocol RecurrentCell: Sendable {
    /// The gates one under the other, `[gates × hiddenSize, inputSize]`.
    var inputWeights: Matrix { get }
    /// The gates one under the other, `[gates × hiddenSize, hiddenSize]`.
    var hiddenWeights: Matrix { get }
    /// `[gates × hiddenSize]`
    var inputBias: [Float] { get }
    /// `[gates × hiddenSize]`
    var hiddenBias: [Float] { get }

    /// A cell with the given weights.
    init(inputWeights: Matrix, hiddenWeights: Matrix, inputBias: [Float], hiddenBias: [Float])

    /// Advances `state` by one time step.
    ///
    /// - Parameters:
    ///   - input: features of this step, `[inputSize]`
    ///   - state: the state before the step; on return, the state after it
    func step(_ input: [Float], state: inout RecurrentState)

    /// Takes the gradients of a loss back through one time step.
    ///
    /// - Parameters:
    ///   - input: features of this step, `[inputSize]`
    ///   - before: the state before the step
    ///   - gradient: of the state after the step; on return, of the state before it
    ///   - gradients: the step's share is added
    /// - Returns: the gradient of the input, `[inputSize]`
    func stepBackward(
        _ input: [Float],
        before: RecurrentState,
        gradient: inout RecurrentState,
        into gradients: inout CellGradients
    ) -> [Float]
}

/// What a device remembers of one layer.
struct RecurrentState: Sendable, Equatable {
    /// h, `[hiddenSize]`.
    var hidden: [Float]
    /// c, `[hiddenSize]`; used by the LSTM only.
    var memory: [Float]

    /// The state of a device that has seen nothing yet.
    init(zeros size: Int) {
        hidden = Array(repeating: 0, count: size)
        memory = hidden
    }
}

/// The gradients of one cell's weights, in the shapes of the weights.
struct CellGradients: Sendable {
    var inputWeights: Matrix
    var hiddenWeights: Matrix
    var inputBias: [Float]
    var hiddenBias: [Float]

    /// Gradients that are all 0.
    init(zeros cell: some RecurrentCell) {
        let rows = cell.inputWeights.rows
        inputWeights = Matrix(rows: rows, columns: cell.inputSize)
        hiddenWeights = Matrix(rows: rows, columns: cell.hiddenSize)
        inputBias = Array(repeating: 0, count: rows)
        hiddenBias = inputBias
    }
}

extension RecurrentCell {
    /// The number of input features.
    var inputSize: Int { inputWeights.columns }

    /// The number of hidden units.
    var hiddenSize: Int { hiddenWeights.columns }

    /// `W_i x + b_i`, `[gates × hiddenSize]`.
    func inputSums(_ input: [Float]) -> [Float] {
        var sums = inputBias
        multiplyAdd(inputWeights, input, into: &sums)
        return sums
    }

    /// `W_h h + b_h`, `[gates × hiddenSize]`.
    func hiddenSums(_ state: RecurrentState) -> [Float] {
        var sums = hiddenBias
        multiplyAdd(hiddenWeights, state.hidden, into: &sums)
        return sums
    }

    /// Takes the gradients of both sums back to weights, biases, hidden state and input.
    ///
    /// - Returns: the gradient of the input, `[inputSize]`
    func sumsBackward(
        inputSums: [Float],
        hiddenSums: [Float],
        input: [Float],
        before: RecurrentState,
        gradient: inout RecurrentState,
        into gradients: inout CellGradients
    ) -> [Float] {
        outerAdd(inputSums, input, into: &gradients.inputWeights)
        outerAdd(hiddenSums, before.hidden, into: &gradients.hiddenWeights)
        for row in inputSums.indices {
            gradients.inputBias[row] += inputSums[row]
            gradients.hiddenBias[row] += hiddenSums[row]
        }
        transposedMultiplyAdd(hiddenWeights, hiddenSums, into: &gradient.hidden)
        var inputGradient = [Float](repeating: 0, count: inputSize)
        transposedMultiplyAdd(inputWeights, inputSums, into: &inputGradient)
        return inputGradient
    }
}
