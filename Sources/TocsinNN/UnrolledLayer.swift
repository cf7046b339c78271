/// One recurrent layer over a chunk of steps and lanes, with everything kept that the way back
/// needs.
///
/// Rows are padded with 0 to whole panels of the kernels: ``padded`` instead of `hiddenSize`.
struct UnrolledLayer: Sendable {
    let layer: RecurrentLayer
    /// The distance of rows.
    let padded: Int

    /// Hidden states, `[steps + 1, lanes, padded]`, the first being those before the chunk;
    /// behind them, at ``memoryStart``, an LSTM's memory in the same shape.
    private(set) var state: [Float]

    /// The gradient of the hidden states after each step, `[steps, lanes, padded]`, as the
    /// layers above leave it.
    var gradient: [Float]

    /// Of the weights, as the kernels pack them.
    private(set) var packedGradient: [Float]

    private let shape: UnrolledShape
    private let memoryStart: Int
    /// Activations and, after the way back, gradients of the sums.
    private var gates: [Float]
    /// Carried from step to step on the way back, `[2, lanes, padded]`.
    private var carried: [Float]

    /// Room for `lanes` and `steps` at most; the rows of what it reads are `inputStride` apart.
    init(_ layer: RecurrentLayer, inputStride: Int, lanes: Int, steps: Int, set: InstructionSet) {
        self.layer = layer
        shape = UnrolledShape(layer, inputStride: inputStride, set: set)
        padded = shape.padded
        memoryStart = (steps + 1) * lanes * padded
        state = Array(repeating: 0, count: memoryStart * layer.kind.carried)
        gradient = Array(repeating: 0, count: steps * lanes * padded)
        gates = Array(repeating: 0, count: shape.over(lanes: lanes, steps: steps).gatesCount)
        carried = Array(repeating: 0, count: 2 * lanes * padded)
        packedGradient = shape.zeroWeights().forward
    }

    /// Sets the state before the chunk to 0.
    mutating func reset() {
        Kernels.clear(&state)
    }

    /// Forgets the gradients of the chunk before.
    mutating func clearGradients() {
        Kernels.clear(&gradient)
        Kernels.clear(&packedGradient)
    }

    /// Makes the state after `steps` the state before the next chunk.
    mutating func carry(steps: Int, lanes: Int) {
        let count = lanes * padded
        carry(from: steps * count, to: 0, count)
        if layer.kind == .lstm {
            carry(from: memoryStart + steps * count, to: memoryStart, count)
        }
    }

    private mutating func carry(from last: Int, to first: Int, _ count: Int) {
        for index in 0..<count {
            state[first + index] = state[last + index]
        }
    }

    /// Advances all lanes by `steps`.
    ///
    /// - Parameter input: `[steps, lanes, inputStride]` from `start` on
    mutating func forward(
        _ input: [Float],
        at start: Int,
        _ weights: UnrolledWeights,
        steps: Int,
        lanes: Int
    ) {
        shape.over(lanes: lanes, steps: steps).forward(
            input,
            at: start,
            weights,
            state: &state,
            memory: memoryStart,
            gates: &gates
        )
    }

    /// Takes ``gradient`` back through the chunk; nothing passes into the chunk before.
    ///
    /// - Parameters:
    ///   - input: as in the forward pass
    ///   - inputGradient: `[steps, lanes, inputStride]`, added to; empty if nobody asks for it
    mutating func backward(
        _ input: [Float],
        at start: Int,
        _ weights: UnrolledWeights,
        inputGradient: inout [Float],
        steps: Int,
        lanes: Int
    ) {
        shape.over(lanes: lanes, steps: steps).backward(
            input,
            at: start,
            weights,
            state: state,
            memory: memoryStart,
            gates: &gates,
            gradient: gradient,
            carried: &carried,
            packed: &packedGradient,
            inputGradient: &inputGradient
        )
    }

    /// Writes the gradients of the weights to where the weights are, or adds them.
    func unpackGradients(into gradients: inout Parameters, adding: Bool) {
        shape.unpack(packedGradient, into: &gradients, adding: adding)
    }
}
