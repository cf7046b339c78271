/// One recurrent layer in its fast form: where its weights and its state lie.
///
/// The weights themselves lie in the network's packed weights, at the places they have in
/// ``Parameters``, each matrix transposed to `[in, out]` for the kernels.
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

    /// `W_i x + b_i` for many rows.
    ///
    /// - Parameters:
    ///   - input: `[rows, inputSize]` from `start` on
    ///   - gates: `[rows, sums]`; overwritten
    func projectInput(
        _ input: [Float],
        at start: Int,
        _ packed: [Float],
        into gates: inout [Float],
        rows: Int
    ) {
        Kernels.fillRows(&gates, at: 0, packed, at: inputBias, rows: rows, columns: sums)
        Kernels.multiplyAdd(
            &gates,
            at: 0,
            input,
            at: start,
            packed,
            at: inputWeights,
            rows: rows,
            inner: inputSize,
            columns: sums
        )
    }

    /// Advances the state of all rows by one step, once the input has been projected.
    ///
    /// - Parameters:
    ///   - gates: the input's sums, `[rows, sums]`; on return the activations
    ///   - hiddenSums: `[rows, sums]`; overwritten
    ///   - state: hidden and memory, `[rows, hiddenSize]` each, where `places` says
    /// - Complexity: O(rows × sums × hiddenSize); does not allocate.
    func advance(
        gates: inout [Float],
        hiddenSums: inout [Float],
        at sumsStart: Int = 0,
        state: inout [Float],
        places: Kernels.Places,
        _ packed: [Float],
        rows: Int
    ) {
        Kernels.fillRows(
            &hiddenSums,
            at: sumsStart,
            packed,
            at: hiddenBias,
            rows: rows,
            columns: sums
        )
        Kernels.multiplyAdd(
            &hiddenSums,
            at: sumsStart,
            state,
            at: places.hiddenBefore,
            packed,
            at: hiddenWeights,
            rows: rows,
            inner: hiddenSize,
            columns: sums
        )
        Kernels.forward(
            kind,
            gates: &gates,
            at: sumsStart,
            hiddenSums: hiddenSums,
            at: sumsStart,
            state: &state,
            places: places,
            rows: rows,
            size: hiddenSize
        )
    }
}
