/// A linear layer, `y = W x + b`, in its fast form: where its weights lie in the packed weights.
struct LinearLayer: Sendable {
    let inputSize: Int
    let outputSize: Int
    /// First elements of the two tensors.
    let weights: Int
    let bias: Int

    /// The layer whose tensors are called `name.weight` and `name.bias`.
    init(_ name: String, from inputSize: Int, to outputSize: Int, in parameters: Parameters) {
        self.inputSize = inputSize
        self.outputSize = outputSize
        weights = parameters.range(of: "\(name).weight").lowerBound
        bias = parameters.range(of: "\(name).bias").lowerBound
    }

    /// Applies the layer to many rows.
    ///
    /// - Parameters:
    ///   - input: `[rows, inputSize]` from `start` on
    ///   - output: `[rows, outputSize]`; overwritten
    func forward(
        _ input: [Float],
        at start: Int,
        _ packed: [Float],
        into output: inout [Float],
        rows: Int
    ) {
        Kernels.fillRows(&output, at: 0, packed, at: bias, rows: rows, columns: outputSize)
        Kernels.multiplyAdd(
            &output,
            at: 0,
            input,
            at: start,
            packed,
            at: weights,
            rows: rows,
            inner: inputSize,
            columns: outputSize
        )
    }

    /// Takes the gradients of the outputs back to weights, bias and inputs.
    ///
    /// - Parameters:
    ///   - input: as in the forward pass, `[rows, inputSize]` from `start` on
    ///   - outputGradient: `[rows, outputSize]`
    ///   - parameters: row-major, not packed
    ///   - gradients: of all parameters; this layer's share is added
    ///   - inputGradient: `[rows, inputSize]`; added to
    func backward(
        _ input: [Float],
        at start: Int,
        outputGradient: [Float],
        parameters: [Float],
        gradients: inout [Float],
        inputGradient: inout [Float],
        rows: Int
    ) {
        Kernels.transposedMultiplyAdd(
            &gradients,
            at: weights,
            outputGradient,
            at: 0,
            input,
            at: start,
            k: rows,
            m: outputSize,
            n: inputSize
        )
        Kernels.columnSumsAdd(
            &gradients,
            at: bias,
            outputGradient,
            rows: rows,
            columns: outputSize
        )
        Kernels.multiplyAdd(
            &inputGradient,
            at: 0,
            outputGradient,
            at: 0,
            parameters,
            at: weights,
            rows: rows,
            inner: outputSize,
            columns: inputSize
        )
    }
}
