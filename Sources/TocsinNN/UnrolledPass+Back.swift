/// The way back, one part of the network after the other.
extension UnrolledPass {
    /// Makes ``gradients`` those of a ``LossSums/mean``.
    ///
    /// Of the loss only the weights play a part. They may be those of more lanes than these: the
    /// gradients are then these lanes' share.
    ///
    /// May be called once after each ``forward(_:steps:)``, because it writes the gradients over
    /// the activations.
    ///
    /// - Parameters:
    ///   - frames: as for ``loss(frames:weights:)``
    ///   - weights: as for ``loss(frames:weights:)``
    ///   - loss: what ``loss(frames:weights:)`` gave, summed over all lanes
    public mutating func backward(
        frames: [Float],
        weights: [Float],
        loss: LossSums
    ) {
        clearGradients()
        // The first of those who read the last layer overwrites its gradient; the others add to it.
        var isReached = false
        let row = lanes * blueprint.inputSize
        if loss.forecastWeight > 0, let packed = self.weights.forecast?.weights {
            differentiate(self.forecast, frames, weights, at: row, over: loss.forecastWeight)
            forecastHead?.setGradient(outputGradient, rows: steps * lanes)
            let last = layers.count - 1
            let hidden = outputs(of: last)
            forecastHead?.backward(
                hidden.0,
                at: hidden.1,
                packed,
                inputGradient: &layers[last].gradient,
                adds: isReached,
                steps: steps,
                lanes: lanes
            )
            isReached = true
        }
        if loss.reconstructWeight > 0, let packed = self.weights.reconstruct?.weights {
            differentiate(reconstruction, frames, weights, at: 0, over: loss.reconstructWeight)
            reconstructBackward(packed, adds: isReached || network.reconstructReadsCode)
            isReached = isReached || !network.reconstructReadsCode
        }
        if network.decoder == nil, network.code != nil {
            codeBackward(adds: isReached)
            isReached = true
        }
        if !isReached {
            layers[layers.count - 1].gradient.clear()
        }
        for index in layers.indices.reversed() {
            layerBackward(index)
            if index == network.encoder.count {
                codeBackward(adds: false)
            }
        }
    }

    private mutating func clearGradients() {
        code?.clearGradients()
        forecastHead?.clearGradients()
        reconstructHead?.clearGradients()
        for index in layers.indices {
            layers[index].clearPackedGradient()
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

    private mutating func reconstructBackward(_ weights: UnrolledWeights, adds: Bool) {
        reconstructHead?.setGradient(outputGradient, rows: steps * lanes)
        let read = reconstructInput()
        // The gradient of what the head reads leaves its place while the head adds to it.
        var below = AlignedFloats.none
        let last = layers.count - 1
        swapGradient(&below, ofCode: network.reconstructReadsCode, orOf: last)
        reconstructHead?.backward(
            read.0,
            at: read.1,
            weights,
            inputGradient: &below,
            adds: adds,
            steps: steps,
            lanes: lanes
        )
        swapGradient(&below, ofCode: network.reconstructReadsCode, orOf: last)
    }

    private mutating func swapGradient(_ other: inout AlignedFloats, ofCode: Bool, orOf index: Int)
    {
        if ofCode {
            code?.swapGradient(&other)
        } else if index >= 0 {
            swap(&other, &layers[index].gradient)
        }
    }

    private mutating func codeBackward(adds: Bool) {
        guard let weights = weights.code?.weights else { return }
        let top = network.encoder.count - 1
        let hidden = outputs(of: top)
        code?.backward(
            hidden.0,
            at: hidden.1,
            weights,
            inputGradient: &layers[top].gradient,
            adds: adds,
            steps: steps,
            lanes: lanes
        )
    }

    private mutating func layerBackward(_ index: Int) {
        // The gradient of what the layer reads leaves its place while the layer writes it.
        var below = AlignedFloats.none
        let readsCode = index == network.encoder.count && code != nil
        swapGradient(&below, ofCode: readsCode, orOf: index - 1)
        let input = input(of: index)
        layers[index].backward(
            input.0,
            at: input.1,
            weights.recurrent[index].weights,
            inputGradient: &below,
            adds: readsCode,
            steps: steps,
            lanes: lanes
        )
        swapGradient(&below, ofCode: readsCode, orOf: index - 1)
    }
}
