/// One recurrent layer in its fast form: where its weights and its state lie.
///
/// The weights themselves lie in ``Parameters``; whoever runs the layer packs them for its kernels.
struct RecurrentLayer: Sendable {
    let kind: CellKind
    let inputSize: Int
    let hiddenSize: Int
    /// First elements of the four tensors.
    let inputWeights: Int
    let hiddenWeights: Int
    let inputBias: Int
    let hiddenBias: Int
    /// The first element of this layer's hidden state in a device's `recurrent`; an LSTM's memory
    /// follows it.
    let stateStart: Int

    /// The layer whose tensors are called `name.weight_ih_l<index>` and so on.
    init(
        _ name: String,
        _ index: Int,
        kind: CellKind,
        inputSize: Int,
        hiddenSize: Int,
        stateStart: Int,
        in parameters: Parameters
    ) {
        self.kind = kind
        self.inputSize = inputSize
        self.hiddenSize = hiddenSize
        self.stateStart = stateStart
        inputWeights = parameters.range(of: "\(name).weight_ih_l\(index)").lowerBound
        hiddenWeights = parameters.range(of: "\(name).weight_hh_l\(index)").lowerBound
        inputBias = parameters.range(of: "\(name).bias_ih_l\(index)").lowerBound
        hiddenBias = parameters.range(of: "\(name).bias_hh_l\(index)").lowerBound
    }

    /// The rows of the weight matrices: gates × hiddenSize.
    var sums: Int { kind.gates * hiddenSize }

    /// The number of floats a device carries for this layer.
    var stateSize: Int { kind.carried * hiddenSize }
}
