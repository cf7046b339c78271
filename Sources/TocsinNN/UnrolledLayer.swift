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
    private(set) var state: AlignedFloats

    /// The gradient of the hidden states after each step, `[steps, lanes, padded]`, as the
    /// layers above leave it.
    var gradient: AlignedFloats

    /// Of the weights, as the kernels pack them.
    private(set) var packedGradient: AlignedFloats

    private let shape: UnrolledShape
    private let memoryStart: Int
    /// Activations and, after the way back, gradients of the sums.
    private var gates: AlignedFloats
    /// Carried from step to step on the way back, `[2, lanes, padded]`.
    private var carried: AlignedFloats

    /// Room for `lanes` and `steps` at most; the rows of what it reads are `inputStride` apart.
    init(_ layer: RecurrentLayer, inputStride: Int, lanes: Int, steps: Int, set: InstructionSet) {
        self.layer = layer
        shape = UnrolledShape(layer, inputStride: inputStride, set: set)
        padded = shape.padded
        memoryStart = (steps + 1) * lanes * padded
        state = AlignedFloats(zeros: memoryStart * layer.kind.carried)
        gradient = AlignedFloats(zeros: steps * lanes * padded)
        gates = AlignedFloats(zeros: shape.over(lanes: lanes, steps: steps).gatesCount)
        carried = AlignedFloats(zeros: 2 * lanes * padded)
        packedGradient = shape.zeroWeights().forward
    }

    /// Sets the state before the chunk to 0.
    mutating func reset() {
        state.clear()
    }

    /// Forgets the gradients of the weights of the chunk before.
    mutating func clearPackedGradient() {
        packedGradient.clear()
    }

    /// The number of floats that ``save(to:steps:lanes:)`` writes for so many lanes.
    func stateCount(lanes: Int) -> Int { layer.kind.carried * lanes * padded }

    /// Writes down the state after `steps`: hidden states, and an LSTM's memory.
    func save(to saved: inout AlignedFloats, steps: Int, lanes: Int) {
        let count = lanes * padded
        saved.copy(state, from: steps * count, to: 0, count: count)
        if layer.kind == .lstm {
            saved.copy(state, from: memoryStart + steps * count, to: count, count: count)
        }
    }

    /// Makes a saved state the state before the next chunk.
    mutating func resume(_ saved: AlignedFloats, lanes: Int) {
        let count = lanes * padded
        state.copy(saved, from: 0, to: 0, count: count)
        if layer.kind == .lstm {
            state.copy(saved, from: count, to: memoryStart, count: count)
        }
    }

    /// Makes the state after `steps` the state before the next chunk.
    mutating func carry(steps: Int, lanes: Int) {
        let count = lanes * padded
        state.copy(from: steps * count, to: 0, count: count)
        if layer.kind == .lstm {
            state.copy(from: memoryStart + steps * count, to: memoryStart, count: count)
        }
    }

    /// Advances all lanes by `steps`.
    ///
    /// - Parameter input: `[steps, lanes, inputStride]` from `start` on
    mutating func forward(
        _ input: AlignedFloats,
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
    ///   - inputGradient: `[steps, lanes, inputStride]`; empty if nobody asks for it
    ///   - adds: whether `inputGradient` is added to, or overwritten
    mutating func backward(
        _ input: AlignedFloats,
        at start: Int,
        _ weights: UnrolledWeights,
        inputGradient: inout AlignedFloats,
        adds: Bool,
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
            inputGradient: &inputGradient,
            adds: adds
        )
    }

    /// Exchanges ``packedGradient`` for that of other lanes.
    mutating func swapPackedGradient(_ other: inout AlignedFloats) {
        precondition(other.count == packedGradient.count, "another layer's gradients")
        swap(&packedGradient, &other)
    }

    /// Writes gradients of the weights to where the weights are.
    func unpack(_ packed: AlignedFloats, into gradients: inout Parameters) {
        shape.unpack(packed, into: &gradients)
    }
}
