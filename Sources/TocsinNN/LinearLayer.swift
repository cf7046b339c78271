/// A linear layer, `y = W x + b`, in its fast form: where its weights lie in ``Parameters``.
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
}
