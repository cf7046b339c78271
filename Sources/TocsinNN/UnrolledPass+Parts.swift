/// What a pass is told and asked when it works on several groups of lanes in turn.
extension UnrolledPass {
    /// The state of lanes between two chunks, layer by layer.
    public struct SavedState: Sendable {
        fileprivate var layers: [AlignedFloats]
    }

    /// Gradients of all weights, in the kernels' own order.
    public struct PackedGradients: Sendable {
        fileprivate var parts: [AlignedFloats]

        /// Adds the gradients of other lanes.
        public mutating func add(_ other: PackedGradients) {
            precondition(parts.count == other.parts.count)
            for index in parts.indices {
                Kernels.add(&parts[index], other.parts[index])
            }
        }
    }

    /// A state of 0, for up to ``maximumLanes``.
    public func zeroState() -> SavedState {
        SavedState(
            layers: layers.map { AlignedFloats(zeros: $0.stateCount(lanes: maximumLanes)) }
        )
    }

    /// Goes on with `lanes` lanes where ``save(to:)`` left them.
    public mutating func resume(_ state: SavedState, lanes: Int) {
        precondition(1...maximumLanes ~= lanes)
        self.lanes = lanes
        steps = 0
        for index in layers.indices {
            layers[index].resume(state.layers[index], lanes: lanes)
        }
    }

    /// Writes down the state after the last chunk.
    public func save(to state: inout SavedState) {
        for index in layers.indices {
            layers[index].save(to: &state.layers[index], steps: steps, lanes: lanes)
        }
    }

    /// Gradients that are all 0.
    public func zeroGradients() -> PackedGradients {
        let linear = [code, forecastHead, reconstructHead].compactMap { $0?.packedGradient.count }
        let counts = layers.map(\.packedGradient.count) + linear
        return PackedGradients(parts: counts.map { AlignedFloats(zeros: $0) })
    }

    /// Hands out the gradients of the last chunk, and takes memory for the next one's.
    public mutating func swapGradients(_ other: inout PackedGradients) {
        for index in layers.indices {
            layers[index].swapPackedGradient(&other.parts[index])
        }
        var part = layers.count
        if code != nil {
            code?.swapPackedGradient(&other.parts[part])
            part += 1
        }
        if forecastHead != nil {
            forecastHead?.swapPackedGradient(&other.parts[part])
            part += 1
        }
        reconstructHead?.swapPackedGradient(&other.parts[part])
    }

    /// Writes gradients into parameters of the same blueprint.
    public func unpack(_ packed: PackedGradients, into gradients: inout Parameters) {
        for (layer, own) in zip(layers, packed.parts) {
            layer.unpack(own, into: &gradients)
        }
        let linear = [code, forecastHead, reconstructHead].compactMap(\.self)
        for (layer, own) in zip(linear, packed.parts.dropFirst(layers.count)) {
            layer.unpack(own, into: &gradients)
        }
    }

    /// Of the mean loss of the last chunk that went backward.
    public var gradients: Parameters {
        var gradients = Parameters(zeros: blueprint)
        for layer in layers {
            layer.unpack(layer.packedGradient, into: &gradients)
        }
        for layer in [code, forecastHead, reconstructHead].compactMap(\.self) {
            layer.unpack(layer.packedGradient, into: &gradients)
        }
        return gradients
    }
}
