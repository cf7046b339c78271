internal import CTocsinKernels

/// What one layer of a network over a chunk is: sizes, kernels, and where its weights are.
struct UnrolledShape: Sendable {
    let inputWeights: Int
    let hiddenWeights: Int
    let inputBias: Int
    let hiddenBias: Int
    private var layer: tocsin_unrolled

    /// A recurrent layer that reads rows `inputStride` apart.
    init(_ layer: RecurrentLayer, inputStride: Int, set: InstructionSet) {
        (inputWeights, hiddenWeights) = (layer.inputWeights, layer.hiddenWeights)
        (inputBias, hiddenBias) = (layer.inputBias, layer.hiddenBias)
        let kind =
            switch layer.kind {
            case .lstm: TOCSIN_LSTM
            case .gru: TOCSIN_GRU
            case .rnn: TOCSIN_RNN
            }
        self.layer = tocsin_unrolled(
            kind: kind,
            set: set.kernel,
            input_size: layer.inputSize,
            input_stride: inputStride,
            size: layer.hiddenSize,
            lanes: 0,
            steps: 0
        )
    }

    /// A linear layer that reads rows `inputStride` apart.
    init(_ layer: LinearLayer, inputStride: Int, set: InstructionSet) {
        (inputWeights, hiddenWeights) = (layer.weights, layer.weights)
        (inputBias, hiddenBias) = (layer.bias, layer.bias)
        self.layer = tocsin_unrolled(
            kind: TOCSIN_LINEAR,
            set: set.kernel,
            input_size: layer.inputSize,
            input_stride: inputStride,
            size: layer.outputSize,
            lanes: 0,
            steps: 0
        )
    }

    /// `size`, padded to whole panels.
    static func padded(_ size: Int) -> Int { tocsin_padded(size) }

    /// The layer's size, padded to whole panels.
    var padded: Int { Self.padded(layer.size) }

    /// The number of lanes and steps that the layer works on.
    var lanes: Int { layer.lanes }
    var steps: Int { layer.steps }
    var inputStride: Int { layer.input_stride }

    /// The same layer over so many lanes and steps.
    func over(lanes: Int, steps: Int) -> UnrolledShape {
        var shape = self
        shape.layer.lanes = lanes
        shape.layer.steps = steps
        return shape
    }

    /// The number of floats that the gates take.
    var gatesCount: Int {
        unsafe withUnsafePointer(to: layer) { unsafe tocsin_gates_count($0) } * steps
    }

    /// Weights that are all 0.
    func zeroWeights() -> UnrolledWeights {
        unsafe withUnsafePointer(to: layer) { layer in
            UnrolledWeights(
                forward: AlignedFloats(zeros: unsafe tocsin_packed_count(layer)),
                backward: AlignedFloats(zeros: unsafe tocsin_back_count(layer))
            )
        }
    }

    /// Packs the layer's weights for both ways.
    func pack(_ parameters: Parameters, into weights: inout UnrolledWeights) {
        precondition(weights.forward.count == zeroCount, "another layer's weights")
        unsafe withUnsafePointer(to: layer) { layer in
            unsafe tocsin_pack(
                layer,
                weights.forward.mutablePointer(),
                weights.backward.mutablePointer(),
                parameters.values,
                inputWeights,
                hiddenWeights,
                inputBias,
                hiddenBias
            )
        }
    }

    /// Writes packed gradients to where the weights are.
    func unpack(_ packed: AlignedFloats, into gradients: inout Parameters) {
        precondition(packed.count == zeroCount, "another layer's gradients")
        unsafe withUnsafePointer(to: layer) { layer in
            unsafe tocsin_unpack(
                layer,
                packed.pointer,
                &gradients.values,
                inputWeights,
                hiddenWeights,
                inputBias,
                hiddenBias
            )
        }
    }

    private var zeroCount: Int {
        unsafe withUnsafePointer(to: layer) { unsafe tocsin_packed_count($0) }
    }
}

/// A layer's weights as the unrolled kernels read them; `Unrolled.h` says how they lie.
struct UnrolledWeights: Sendable {
    /// Also the form of gradients.
    var forward: AlignedFloats
    var backward: AlignedFloats
}

/// The way of a recurrent layer through a chunk.
extension UnrolledShape {
    /// Advances all lanes by all steps.
    ///
    /// - Parameters:
    ///   - input: `[steps, lanes, inputStride]` from `start` on
    ///   - state: hidden states, `[steps + 1, lanes, padded]`, and an LSTM's memory from `memory` on
    ///   - gates: on return the activations
    func forward(
        _ input: AlignedFloats,
        at start: Int,
        _ weights: UnrolledWeights,
        state: inout AlignedFloats,
        memory: Int,
        gates: inout AlignedFloats
    ) {
        check(input, start, state, memory, gates)
        unsafe withUnsafePointer(to: layer) { layer in
            unsafe tocsin_unrolled_forward(
                layer,
                input.pointer,
                start,
                weights.forward.pointer,
                state.mutablePointer(),
                memory,
                gates.mutablePointer()
            )
        }
    }

    /// Takes the gradients of the hidden states back through all steps.
    ///
    /// - Parameters:
    ///   - input: as in the forward pass
    ///   - gates: the activations; on return the gradients of the sums
    ///   - gradient: of the hidden states after each step, `[steps, lanes, padded]`
    ///   - carried: scratch, `[2, lanes, padded]`
    ///   - packed: the gradients of the weights; added to
    ///   - inputGradient: `[steps, lanes, inputStride]`; empty if nobody asks for it
    ///   - adds: whether `inputGradient` is added to, or overwritten
    func backward(
        _ input: AlignedFloats,
        at start: Int,
        _ weights: UnrolledWeights,
        state: AlignedFloats,
        memory: Int,
        gates: inout AlignedFloats,
        gradient: AlignedFloats,
        carried: inout AlignedFloats,
        packed: inout AlignedFloats,
        inputGradient: inout AlignedFloats,
        adds: Bool
    ) {
        check(input, start, state, memory, gates)
        Kernels.check(gradient, 0, steps * lanes * padded)
        Kernels.check(carried, 0, 2 * lanes * padded)
        precondition(packed.count == zeroCount)
        let isAsked = checkInputGradient(inputGradient)
        unsafe withUnsafePointer(to: layer) { layer in
            unsafe tocsin_unrolled_backward(
                layer,
                input.pointer,
                start,
                weights.backward.pointer,
                state.pointer,
                memory,
                gates.mutablePointer(),
                gradient.pointer,
                carried.mutablePointer(),
                packed.mutablePointer(),
                isAsked ? inputGradient.mutablePointer() : nil,
                adds
            )
        }
    }

    private func check(
        _ input: AlignedFloats,
        _ start: Int,
        _ state: AlignedFloats,
        _ memory: Int,
        _ gates: AlignedFloats
    ) {
        Kernels.check(input, start, steps * lanes * inputStride)
        Kernels.check(state, 0, (steps + 1) * lanes * padded)
        if layer.kind == TOCSIN_LSTM {
            Kernels.check(state, memory, (steps + 1) * lanes * padded)
        }
        Kernels.check(gates, 0, gatesCount)
    }

    /// Whether there is a gradient of the inputs to be made; its rows are whole panels.
    private func checkInputGradient(_ gradient: AlignedFloats) -> Bool {
        guard !gradient.isEmpty else { return false }
        precondition(inputStride == Self.padded(layer.input_size))
        Kernels.check(gradient, 0, steps * lanes * inputStride)
        return true
    }
}

/// A linear layer on all lanes and steps.
extension UnrolledShape {
    /// - Parameters:
    ///   - input: `[steps, lanes, inputStride]` from `start` on
    ///   - output: `[steps, lanes, padded]`; overwritten
    func linearForward(
        _ input: AlignedFloats,
        at start: Int,
        _ weights: UnrolledWeights,
        output: inout AlignedFloats
    ) {
        Kernels.check(input, start, steps * lanes * inputStride)
        Kernels.check(output, 0, steps * lanes * padded)
        unsafe withUnsafePointer(to: layer) { layer in
            unsafe tocsin_linear_forward(
                layer,
                input.pointer,
                start,
                weights.forward.pointer,
                output.mutablePointer()
            )
        }
    }

    /// - Parameters:
    ///   - input: as in the forward pass
    ///   - gradient: of the outputs, `[steps, lanes, padded]`
    ///   - packed: the gradients of the weights; added to
    ///   - inputGradient: `[steps, lanes, inputStride]`; empty if nobody asks for it
    ///   - adds: whether `inputGradient` is added to, or overwritten
    func linearBackward(
        _ input: AlignedFloats,
        at start: Int,
        _ weights: UnrolledWeights,
        gradient: AlignedFloats,
        packed: inout AlignedFloats,
        inputGradient: inout AlignedFloats,
        adds: Bool
    ) {
        Kernels.check(input, start, steps * lanes * inputStride)
        Kernels.check(gradient, 0, steps * lanes * padded)
        precondition(packed.count == zeroCount)
        let isAsked = checkInputGradient(inputGradient)
        unsafe withUnsafePointer(to: layer) { layer in
            unsafe tocsin_linear_backward(
                layer,
                input.pointer,
                start,
                weights.backward.pointer,
                gradient.pointer,
                packed.mutablePointer(),
                isAsked ? inputGradient.mutablePointer() : nil,
                adds
            )
        }
    }
}
