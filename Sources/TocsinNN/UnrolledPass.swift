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
    public private(set) var lanes: Int
    /// The number of steps of the last chunk.
    public private(set) var steps = 0

    /// Made at each step for the step after it, `[steps, lanes, inputSize]`; without a forecast
    /// head 0.
    public private(set) var forecast: [Float]
    /// `[steps, lanes, inputSize]`; without a reconstruct head 0.
    public private(set) var reconstruction: [Float]
    /// Of the mean loss of the last chunk that went backward.
    public private(set) var gradients: Parameters

    private let network: Network
    private var parameters: Parameters
    private var packed: [Float]
    /// The encoder's layers, and after them the decoder's, if it is recurrent.
    private var layers: [UnrolledLayer]
    private var code: [Float]
    private var codeGradient: [Float]
    private var outputGradient: [Float]

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
        parameters = Parameters(zeros: blueprint)
        gradients = parameters
        packed = parameters.values
        let network = Network(blueprint, parameters)
        self.network = network
        let recurrent = network.encoder + (network.decoder.map { [$0] } ?? [])
        layers = recurrent.map { UnrolledLayer($0, lanes: lanes, steps: steps) }
        forecast = Array(repeating: 0, count: steps * lanes * blueprint.inputSize)
        reconstruction = forecast
        outputGradient = forecast
        code = Array(repeating: 0, count: steps * lanes * blueprint.codeSize)
        codeGradient = code
    }

    /// Takes new weights; the state stays.
    public mutating func load(_ parameters: Parameters) {
        precondition(parameters.tensors == self.parameters.tensors, "another network's parameters")
        self.parameters = parameters
        Network.pack(parameters, into: &packed)
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
        carry()
        self.steps = steps
        let rows = steps * lanes
        for index in layers.indices {
            if index == network.encoder.count {
                encode(rows)
            }
            let input = input(of: index, inputs)
            layers[index].forward(input.0, at: input.1, packed, steps: steps, lanes: lanes)
        }
        if network.decoder == nil {
            encode(rows)
        }
        let hidden = outputs(of: layers.count - 1)
        let read = network.reconstructReadsCode ? (code, 0) : hidden
        network.forecast?.forward(hidden.0, at: hidden.1, packed, into: &forecast, rows: rows)
        network.reconstruct?.forward(read.0, at: read.1, packed, into: &reconstruction, rows: rows)
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
        var sums = LossSums()
        if network.forecast != nil {
            sums.forecastWeight = Kernels.sum(weights, at: row, count: count)
            sums.forecastError = Kernels.squaredError(
                forecast,
                target: frames,
                weights: weights,
                at: row,
                count: count
            )
        }
        if network.reconstruct != nil {
            sums.reconstructWeight = Kernels.sum(weights, at: 0, count: count)
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

    /// Makes ``gradients`` those of the last chunk's ``LossSums/mean``.
    ///
    /// May be called once after each ``forward(_:steps:)``, because it writes the gradients over
    /// the activations.
    ///
    /// - Parameters:
    ///   - inputs: as they went forward
    ///   - frames: as for ``loss(frames:weights:)``
    ///   - weights: as for ``loss(frames:weights:)``
    ///   - loss: what ``loss(frames:weights:)`` gave
    public mutating func backward(
        _ inputs: [Float],
        frames: [Float],
        weights: [Float],
        loss: LossSums
    ) {
        clearGradients()
        let row = lanes * blueprint.inputSize
        if let forecast = network.forecast, loss.forecastWeight > 0 {
            differentiate(self.forecast, frames, weights, at: row, over: loss.forecastWeight)
            headBackward(forecast, readsCode: false)
        }
        if let reconstruct = network.reconstruct, loss.reconstructWeight > 0 {
            differentiate(reconstruction, frames, weights, at: 0, over: loss.reconstructWeight)
            headBackward(reconstruct, readsCode: network.reconstructReadsCode)
        }
        if network.decoder == nil {
            codeBackward()
        }
        for index in layers.indices.reversed() {
            layerBackward(index, inputs)
            if index == network.encoder.count {
                codeBackward()
            }
        }
    }
}

/// What lies between the layers, forward.
extension UnrolledPass {
    /// A layer's hidden states after each step: the array, and where those of the first step begin.
    private func outputs(of index: Int) -> ([Float], Int) {
        (layers[index].state, lanes * blueprint.hiddenSize)
    }

    /// What a layer reads: the features, the layer below, or for a decoder the code.
    private func input(of index: Int, _ inputs: [Float]) -> ([Float], Int) {
        if index == 0 {
            return (inputs, 0)
        }
        if index == network.encoder.count, network.code != nil {
            return (code, 0)
        }
        return outputs(of: index - 1)
    }

    private mutating func encode(_ rows: Int) {
        let hidden = outputs(of: network.encoder.count - 1)
        network.code?.forward(hidden.0, at: hidden.1, packed, into: &code, rows: rows)
    }

    private mutating func carry() {
        guard steps > 0 else { return }
        for index in layers.indices {
            layers[index].carry(steps: steps, lanes: lanes)
        }
    }
}

/// The way back, one part of the network after the other.
extension UnrolledPass {
    private mutating func clearGradients() {
        gradients.values = Array(repeating: 0, count: gradients.values.count)
        codeGradient = Array(repeating: 0, count: codeGradient.count)
        for index in layers.indices {
            layers[index].gradient = Array(repeating: 0, count: layers[index].gradient.count)
        }
    }

    /// Leaves the gradient of a head's mean squared error in `outputGradient`.
    private mutating func differentiate(
        _ output: [Float],
        _ frames: [Float],
        _ weights: [Float],
        at start: Int,
        over weight: Double
    ) {
        Kernels.squaredErrorGradient(
            &outputGradient,
            output: output,
            target: frames,
            weights: weights,
            at: start,
            scale: Float(1 / weight),
            count: steps * lanes * blueprint.inputSize
        )
    }

    private mutating func headBackward(_ head: LinearLayer, readsCode: Bool) {
        if readsCode {
            head.backward(
                code,
                at: 0,
                outputGradient: outputGradient,
                parameters: parameters.values,
                gradients: &gradients.values,
                inputGradient: &codeGradient,
                rows: steps * lanes
            )
        } else {
            let last = layers.count - 1
            let hidden = outputs(of: last)
            head.backward(
                hidden.0,
                at: hidden.1,
                outputGradient: outputGradient,
                parameters: parameters.values,
                gradients: &gradients.values,
                inputGradient: &layers[last].gradient,
                rows: steps * lanes
            )
        }
    }

    private mutating func codeBackward() {
        let top = network.encoder.count - 1
        let hidden = outputs(of: top)
        network.code?.backward(
            hidden.0,
            at: hidden.1,
            outputGradient: codeGradient,
            parameters: parameters.values,
            gradients: &gradients.values,
            inputGradient: &layers[top].gradient,
            rows: steps * lanes
        )
    }

    private mutating func layerBackward(_ index: Int, _ inputs: [Float]) {
        // The gradient of what the layer reads leaves its place while the layer adds to it.
        var below: [Float] = []
        let readsCode = index == network.encoder.count && network.code != nil
        if readsCode {
            swap(&below, &codeGradient)
        } else if index > 0 {
            swap(&below, &layers[index - 1].gradient)
        }
        let input = input(of: index, inputs)
        layers[index].backward(
            input.0,
            at: input.1,
            parameters: parameters.values,
            gradients: &gradients.values,
            inputGradient: &below,
            steps: steps,
            lanes: lanes
        )
        if readsCode {
            swap(&below, &codeGradient)
        } else if index > 0 {
            swap(&below, &layers[index - 1].gradient)
        }
    }
}
