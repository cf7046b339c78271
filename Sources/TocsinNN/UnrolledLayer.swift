/// One recurrent layer over a chunk of steps and lanes, with everything kept that the way back
/// needs.
struct UnrolledLayer: Sendable {
    let layer: RecurrentLayer

    /// Hidden states, `[steps + 1, lanes, hiddenSize]`, the first being those before the chunk;
    /// behind them, at ``memoryStart``, an LSTM's memory in the same shape.
    private(set) var state: [Float]

    /// The gradient of the hidden states after each step, `[steps, lanes, hiddenSize]`, as the
    /// layers above leave it.
    var gradient: [Float]

    private let memoryStart: Int
    /// Activations and, after the way back, gradients of the sums: `[steps, lanes, sums]`.
    private var gates: [Float]
    private var hiddenSums: [Float]
    /// Carried from step to step on the way back, `[lanes, hiddenSize]`.
    private var hiddenGradient: [Float]
    private var memoryGradient: [Float]

    /// Room for `lanes` and `steps` at most.
    init(_ layer: RecurrentLayer, lanes: Int, steps: Int) {
        self.layer = layer
        memoryStart = (steps + 1) * lanes * layer.hiddenSize
        state = Array(repeating: 0, count: memoryStart * layer.kind.carried)
        gradient = Array(repeating: 0, count: steps * lanes * layer.hiddenSize)
        gates = Array(repeating: 0, count: steps * lanes * layer.sums)
        hiddenSums = gates
        hiddenGradient = Array(repeating: 0, count: lanes * layer.hiddenSize)
        memoryGradient = hiddenGradient
    }

    /// Sets the state before the chunk to 0.
    mutating func reset() {
        state = Array(repeating: 0, count: state.count)
    }

    /// Makes the state after `steps` the state before the next chunk.
    mutating func carry(steps: Int, lanes: Int) {
        let count = lanes * layer.hiddenSize
        let starts = layer.kind == .lstm ? [0, memoryStart] : [0]
        for start in starts {
            let last = start + steps * count
            state.replaceSubrange(start..<start + count, with: Array(state[last..<last + count]))
        }
    }

    /// Advances all lanes by `steps`.
    ///
    /// - Parameter input: `[steps, lanes, inputSize]` from `start` on
    mutating func forward(
        _ input: [Float],
        at start: Int,
        _ packed: [Float],
        steps: Int,
        lanes: Int
    ) {
        layer.projectInput(input, at: start, packed, into: &gates, rows: steps * lanes)
        for step in 0..<steps {
            layer.advance(
                gates: &gates,
                hiddenSums: &hiddenSums,
                at: step * lanes * layer.sums,
                state: &state,
                places: places(step, lanes),
                packed,
                rows: lanes
            )
        }
    }

    /// Takes ``gradient`` back through the chunk; nothing passes into the chunk before.
    ///
    /// - Parameters:
    ///   - input: as in the forward pass
    ///   - parameters: row-major, not packed
    ///   - gradients: of all parameters; this layer's share is added
    ///   - inputGradient: `[steps, lanes, inputSize]`, added to; empty if nobody asks for it
    mutating func backward(
        _ input: [Float],
        at start: Int,
        parameters: [Float],
        gradients: inout [Float],
        inputGradient: inout [Float],
        steps: Int,
        lanes: Int
    ) {
        hiddenGradient = Array(repeating: 0, count: hiddenGradient.count)
        memoryGradient = hiddenGradient
        for step in (0..<steps).reversed() {
            stepBackward(step, parameters, lanes)
        }
        let rows = steps * lanes
        addGradients(&gradients, input, at: start, rows)
        guard !inputGradient.isEmpty else { return }
        Kernels.multiplyAdd(
            &inputGradient,
            at: 0,
            gates,
            at: 0,
            parameters,
            at: layer.inputWeights,
            rows: rows,
            inner: layer.sums,
            columns: layer.inputSize
        )
    }

    private mutating func stepBackward(_ step: Int, _ parameters: [Float], _ lanes: Int) {
        let size = layer.hiddenSize
        let sumsStart = step * lanes * layer.sums
        Kernels.add(
            &hiddenGradient,
            at: 0,
            gradient,
            at: step * lanes * size,
            count: lanes * size
        )
        Kernels.backward(
            layer.kind,
            gates: &gates,
            at: sumsStart,
            hiddenSums: &hiddenSums,
            at: sumsStart,
            state: state,
            places: places(step, lanes),
            hiddenGradient: &hiddenGradient,
            memoryGradient: &memoryGradient,
            rows: lanes,
            size: size
        )
        Kernels.multiplyAdd(
            &hiddenGradient,
            at: 0,
            layer.kind == .gru ? hiddenSums : gates,
            at: sumsStart,
            parameters,
            at: layer.hiddenWeights,
            rows: lanes,
            inner: layer.sums,
            columns: size
        )
    }

    /// Adds the gradients of weights and biases over all rows at once.
    private func addGradients(
        _ gradients: inout [Float],
        _ input: [Float],
        at start: Int,
        _ rows: Int
    ) {
        let hidden = layer.kind == .gru ? hiddenSums : gates
        let sums = layer.sums
        Kernels.transposedMultiplyAdd(
            &gradients,
            at: layer.inputWeights,
            gates,
            at: 0,
            input,
            at: start,
            k: rows,
            m: sums,
            n: layer.inputSize
        )
        Kernels.transposedMultiplyAdd(
            &gradients,
            at: layer.hiddenWeights,
            hidden,
            at: 0,
            state,
            at: 0,
            k: rows,
            m: sums,
            n: layer.hiddenSize
        )
        Kernels.columnSumsAdd(&gradients, at: layer.inputBias, gates, rows: rows, columns: sums)
        Kernels.columnSumsAdd(&gradients, at: layer.hiddenBias, hidden, rows: rows, columns: sums)
    }

    private func places(_ step: Int, _ lanes: Int) -> Kernels.Places {
        let count = lanes * layer.hiddenSize
        return Kernels.Places(
            hiddenBefore: step * count,
            hiddenAfter: (step + 1) * count,
            memoryBefore: memoryStart + step * count,
            memoryAfter: memoryStart + (step + 1) * count
        )
    }
}
