/// A network with its weights: one instance serves every device, and never changes.
///
///     h(t) = encoder(x(t), h(t−1))
///     z(t) = W_z h(t) + b_z                       with a code, else h(t)
///     g(t) = decoder(z(t), g(t−1))                with a recurrent decoder
///     forecast of x(t+1) = W_f g(t) + b_f         with a linear decoder from h(t)
///     reconstruction of x(t) = W_r g(t) + b_r     with a linear decoder from z(t)
///
/// State is carried from sample to sample; there is no window, and no step is done twice.
public struct Autoencoder: Sendable {
    /// The sizes.
    public let blueprint: Blueprint

    /// The weights, as PyTorch has them.
    public let parameters: Parameters

    /// The number of floats that a device carries: every layer's hidden and memory.
    public let stateSize: Int

    /// Where ``AutoencoderState/recurrent`` holds h, the hidden state of the topmost encoder layer.
    public let hiddenRange: Range<Int>

    private let network: Network
    private let packed: [Float]

    /// A network with the given weights.
    ///
    /// Throws if the sizes are impossible, or the parameters are those of other sizes or not
    /// finite.
    public init(blueprint: Blueprint, parameters: Parameters) throws(BlueprintError) {
        try blueprint.validate()
        for tensor in blueprint.tensors {
            guard let found = parameters.tensors.first(where: { $0.name == tensor.name }) else {
                throw .missingTensor(tensor.name)
            }
            guard found.shape == tensor.shape else {
                throw .unexpectedCount(
                    name: tensor.name,
                    expected: tensor.count,
                    found: found.count
                )
            }
        }
        let known = Set(blueprint.tensors.map(\.name))
        for tensor in parameters.tensors where !known.contains(tensor.name) {
            throw .unknownTensor(tensor.name)
        }
        try parameters.checkFinite()
        self.blueprint = blueprint
        self.parameters = parameters
        network = Network(blueprint, parameters)
        stateSize = network.stateSize
        let start = network.top.stateStart
        hiddenRange = start..<start + blueprint.hiddenSize
        var packed = parameters.values
        Network.pack(parameters, into: &packed)
        self.packed = packed
    }

    /// The state of a device that has seen nothing yet.
    public func zeroState() -> AutoencoderState {
        AutoencoderState(zeros: blueprint, stateSize: stateSize)
    }

    /// A state as a checkpoint saved it, or `nil` if it is another network's or not finite.
    ///
    /// - Parameters:
    ///   - recurrent: `[stateSize]`
    ///   - forecast: `[inputSize]`
    public func state(recurrent: [Float], forecast: [Float]) -> AutoencoderState? {
        guard recurrent.count == stateSize, forecast.count == blueprint.inputSize,
            recurrent.allSatisfy(\.isFinite), forecast.allSatisfy(\.isFinite)
        else { return nil }
        var state = zeroState()
        state.recurrent = recurrent
        state.forecast = forecast
        return state
    }

    /// Advances one device by one sample.
    ///
    /// - Parameters:
    ///   - features: dimensionless and finite, `[inputSize]`
    ///   - state: before the sample; on return after it, with the new predictions
    /// - Complexity: O(number of weights); does not allocate.
    public func step(_ features: [Float], state: inout AutoencoderState) {
        precondition(features.count == blueprint.inputSize, "features have another size")
        precondition(state.recurrent.count == stateSize, "the state is another network's")
        var hidden = 0
        for index in 0..<network.encoder.count {
            let layer = network.encoder[index]
            if index == 0 {
                layer.projectInput(features, at: 0, packed, into: &state.gates, rows: 1)
            } else {
                layer.projectInput(state.recurrent, at: hidden, packed, into: &state.gates, rows: 1)
            }
            advance(layer, &state)
            hidden = layer.stateStart
        }
        network.code?.forward(state.recurrent, at: hidden, packed, into: &state.code, rows: 1)
        if let decoder = network.decoder {
            if network.code != nil {
                decoder.projectInput(state.code, at: 0, packed, into: &state.gates, rows: 1)
            } else {
                decoder.projectInput(
                    state.recurrent,
                    at: hidden,
                    packed,
                    into: &state.gates,
                    rows: 1
                )
            }
            advance(decoder, &state)
            hidden = decoder.stateStart
        }
        predict(from: hidden, &state)
    }

    /// Advances one layer, once its input has been projected.
    private func advance(_ layer: RecurrentLayer, _ state: inout AutoencoderState) {
        let memory = layer.stateStart + layer.hiddenSize
        layer.advance(
            gates: &state.gates,
            hiddenSums: &state.hiddenSums,
            state: &state.recurrent,
            places: Kernels.Places(
                hiddenBefore: layer.stateStart,
                hiddenAfter: layer.stateStart,
                memoryBefore: memory,
                memoryAfter: memory
            ),
            packed,
            rows: 1
        )
    }

    /// Applies the heads to the hidden state that starts at `hidden`, or to the code.
    private func predict(from hidden: Int, _ state: inout AutoencoderState) {
        network.forecast?.forward(
            state.recurrent,
            at: hidden,
            packed,
            into: &state.forecast,
            rows: 1
        )
        guard let reconstruct = network.reconstruct else { return }
        if network.reconstructReadsCode {
            reconstruct.forward(state.code, at: 0, packed, into: &state.reconstruction, rows: 1)
        } else {
            reconstruct.forward(
                state.recurrent,
                at: hidden,
                packed,
                into: &state.reconstruction,
                rows: 1
            )
        }
    }
}

extension Autoencoder: Equatable {
    public static func == (a: Autoencoder, b: Autoencoder) -> Bool {
        a.blueprint == b.blueprint && a.parameters == b.parameters
    }
}
