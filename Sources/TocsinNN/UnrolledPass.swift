/// A network over a chunk of several steps and lanes at once, forward and backward.
///
/// This is the autoencoder as the trainer sees it. Forward it gives, but for rounding, what
/// ``Autoencoder/step(_:state:)`` gives lane by lane and step by step; the step's kernels sum in
/// another order, and keep no activations. The state is carried from chunk to chunk; the way back
/// ends at the chunk's first step (truncated backpropagation through time).
///
/// All activations are kept: about `steps × lanes × (gates + 2) × 2 × hiddenSize` floats a layer.
public struct UnrolledPass: Sendable {
    /// The sizes.
    public let blueprint: Blueprint
    /// The largest number of lanes.
    public let maximumLanes: Int
    /// The largest number of steps of a chunk.
    public let maximumSteps: Int
    /// The number of lanes since the last ``reset(lanes:)``.
    public internal(set) var lanes: Int
    /// The number of steps of the last chunk.
    public internal(set) var steps = 0

    /// Made at each step for the step after it, `[steps, lanes, inputSize]`; without a forecast
    /// head 0.
    public private(set) var forecast: [Float]
    /// `[steps, lanes, inputSize]`; without a reconstruct head 0.
    public private(set) var reconstruction: [Float]
    let network: Network
    private(set) var weights: PackedParameters
    /// The encoder's layers, and after them the decoder's, if it is recurrent.
    var layers: [UnrolledLayer]
    var code: UnrolledLinear?
    var forecastHead: UnrolledLinear?
    var reconstructHead: UnrolledLinear?
    /// What the chunk's first layer reads, as it was handed in.
    private var features: AlignedFloats
    var outputGradient: [Float]

    /// Room for chunks of up to `lanes` × `steps`, with all weights 0.
    ///
    /// Throws if the sizes are impossible.
    public init(blueprint: Blueprint, lanes: Int, steps: Int) throws(BlueprintError) {
        try blueprint.validate()
        precondition(lanes > 0 && steps > 0)
        self.blueprint = blueprint
        self.lanes = lanes
        maximumLanes = lanes
        maximumSteps = steps
        let network = Network(blueprint, Parameters(zeros: blueprint))
        self.network = network
        weights = PackedParameters(network)
        let hidden = UnrolledShape.padded(blueprint.hiddenSize)
        let bottleneck =
            network.code == nil ? hidden : UnrolledShape.padded(blueprint.codeSize)
        func layer(_ layer: RecurrentLayer, reading stride: Int) -> UnrolledLayer {
            UnrolledLayer(layer, inputStride: stride, lanes: lanes, steps: steps, set: .preferred)
        }
        func linear(_ layer: LinearLayer?, reading stride: Int) -> UnrolledLinear? {
            layer.map {
                UnrolledLinear(
                    $0,
                    inputStride: stride,
                    lanes: lanes,
                    steps: steps,
                    set: .preferred
                )
            }
        }
        layers = network.encoder.enumerated().map { index, encoder in
            layer(encoder, reading: index == 0 ? blueprint.inputSize : hidden)
        }
        if let decoder = network.decoder {
            layers.append(layer(decoder, reading: bottleneck))
        }
        code = linear(network.code, reading: hidden)
        forecastHead = linear(network.forecast, reading: hidden)
        reconstructHead = linear(
            network.reconstruct,
            reading: network.reconstructReadsCode ? bottleneck : hidden
        )
        forecast = Array(repeating: 0, count: steps * lanes * blueprint.inputSize)
        reconstruction = forecast
        outputGradient = forecast
        features = AlignedFloats(forecast)
    }

    /// Takes new weights; the state stays.
    public mutating func load(_ parameters: Parameters) {
        weights.load(parameters)
    }

    /// Takes weights that were packed for a network of the same blueprint; the state stays.
    public mutating func load(_ packed: PackedParameters) {
        weights = packed
    }

    /// Starts `lanes` lanes from a state of 0.
    public mutating func reset(lanes: Int) {
        precondition(1...maximumLanes ~= lanes)
        self.lanes = lanes
        steps = 0
        for index in layers.indices {
            layers[index].reset()
        }
    }

    /// Advances all lanes by one chunk, and predicts.
    ///
    /// - Parameters:
    ///   - inputs: features, `[steps, lanes, inputSize]`
    ///   - steps: up to ``maximumSteps``
    public mutating func forward(_ inputs: [Float], steps: Int) {
        precondition(1...maximumSteps ~= steps)
        precondition(inputs.count >= steps * lanes * blueprint.inputSize)
        carry()
        self.steps = steps
        features.copy(inputs)
        for index in layers.indices {
            if index == network.encoder.count {
                encode()
            }
            let input = input(of: index)
            let weights = weights.recurrent[index].weights
            layers[index].forward(input.0, at: input.1, weights, steps: steps, lanes: lanes)
        }
        if network.decoder == nil {
            encode()
        }
        let rows = steps * lanes
        if let weights = weights.forecast?.weights {
            let hidden = outputs(of: layers.count - 1)
            forecastHead?.forward(hidden.0, at: hidden.1, weights, steps: steps, lanes: lanes)
            forecastHead?.copyOutput(to: &forecast, rows: rows)
        }
        if let weights = weights.reconstruct?.weights {
            let read = reconstructInput()
            reconstructHead?.forward(read.0, at: read.1, weights, steps: steps, lanes: lanes)
            reconstructHead?.copyOutput(to: &reconstruction, rows: rows)
        }
    }

    /// How far the last chunk's predictions are off.
    ///
    /// - Parameters:
    ///   - frames: the clean features of the chunk and of the step after it,
    ///     `[steps + 1, lanes, inputSize]`
    ///   - weights: what each of them counts, in the same shape; 0 where it is missing
    public func loss(frames: [Float], weights: [Float]) -> LossSums {
        let row = lanes * blueprint.inputSize
        let count = steps * row
        var sums = lossWeights(weights, lanes: lanes, steps: steps)
        if network.forecast != nil {
            sums.forecastError = Kernels.squaredError(
                forecast,
                target: frames,
                weights: weights,
                at: row,
                count: count
            )
        }
        if network.reconstruct != nil {
            sums.reconstructError = Kernels.squaredError(
                reconstruction,
                target: frames,
                weights: weights,
                at: 0,
                count: count
            )
        }
        return sums
    }

    /// What a chunk of any number of lanes and steps counts: sums without errors.
    ///
    /// - Parameter weights: as for ``loss(frames:weights:)``
    public func lossWeights(_ weights: [Float], lanes: Int, steps: Int) -> LossSums {
        let row = lanes * blueprint.inputSize
        var sums = LossSums()
        if network.forecast != nil {
            sums.forecastWeight = Kernels.sum(weights, at: row, count: steps * row)
        }
        if network.reconstruct != nil {
            sums.reconstructWeight = Kernels.sum(weights, at: 0, count: steps * row)
        }
        return sums
    }
}

/// What lies between the layers, forward.
extension UnrolledPass {
    /// A layer's hidden states after each step: the array, and where those of the first step begin.
    func outputs(of index: Int) -> (AlignedFloats, Int) {
        (layers[index].state, lanes * layers[index].padded)
    }

    /// What a layer reads: the features, the layer below, or for a decoder the code.
    func input(of index: Int) -> (AlignedFloats, Int) {
        if index == 0 {
            return (features, 0)
        }
        if index == network.encoder.count, let code {
            return (code.output, 0)
        }
        return outputs(of: index - 1)
    }

    /// What the reconstruct head reads.
    func reconstructInput() -> (AlignedFloats, Int) {
        if network.reconstructReadsCode, let code {
            return (code.output, 0)
        }
        return outputs(of: layers.count - 1)
    }

    private mutating func encode() {
        guard let weights = weights.code?.weights else { return }
        let hidden = outputs(of: network.encoder.count - 1)
        code?.forward(hidden.0, at: hidden.1, weights, steps: steps, lanes: lanes)
    }

    private mutating func carry() {
        guard steps > 0 else { return }
        for index in layers.indices {
            layers[index].carry(steps: steps, lanes: lanes)
        }
    }
}
