import Glibc

/// An Elman network's layer.
///
///     h ← tanh(W_i x + b_i + W_h h + b_h)
///
/// As `torch.nn.RNN` with its default nonlinearity.
///
/// Source: Elman 1990, "Finding structure in time".
struct RNNCell: RecurrentCell {
    let inputWeights: Matrix
    let hiddenWeights: Matrix
    let inputBias: [Float]
    let hiddenBias: [Float]

    func step(_ input: [Float], state: inout RecurrentState) {
        let x = inputSums(input)
        let s = hiddenSums(state)
        for u in 0..<hiddenSize {
            state.hidden[u] = tanhf(x[u] + s[u])
        }
    }

    // With δ for the gradient of what follows it: δ(sum) = δh ⊙ (1 − h²).
    func stepBackward(
        _ input: [Float],
        before: RecurrentState,
        gradient: inout RecurrentState,
        into gradients: inout CellGradients
    ) -> [Float] {
        var after = before
        step(input, state: &after)
        var sums = inputBias
        for u in 0..<hiddenSize {
            let h = after.hidden[u]
            sums[u] = gradient.hidden[u] * (1 - h * h)
            gradient.hidden[u] = 0
        }
        return sumsBackward(
            inputSums: sums,
            hiddenSums: sums,
            input: input,
            before: before,
            gradient: &gradient,
            into: &gradients
        )
    }
}
