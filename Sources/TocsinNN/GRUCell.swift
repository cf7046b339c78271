import Glibc

/// A gated recurrent unit.
///
///     r = σ(W_ir x + b_ir + W_hr h + b_hr)        reset gate
///     z = σ(W_iz x + b_iz + W_hz h + b_hz)        update gate
///     n = tanh(W_in x + b_in + r ⊙ (W_hn h + b_hn))
///     h ← (1 − z) ⊙ n + z ⊙ h
///
/// Weights hold the gates one under the other in the order r, z, n, as in `torch.nn.GRU`.
///
/// Source: Cho et al. 2014, arXiv:1406.1078, with the reset gate applied after the product.
struct GRUCell: RecurrentCell {
    let inputWeights: Matrix
    let hiddenWeights: Matrix
    let inputBias: [Float]
    let hiddenBias: [Float]

    func step(_ input: [Float], state: inout RecurrentState) {
        let x = inputSums(input)
        let s = hiddenSums(state)
        let size = hiddenSize
        for u in 0..<size {
            let r = sigmoid(x[u] + s[u])
            let z = sigmoid(x[size + u] + s[size + u])
            let n = tanhf(x[2 * size + u] + r * s[2 * size + u])
            state.hidden[u] = (1 - z) * n + z * state.hidden[u]
        }
    }

    // With δ for the gradient of what follows it, and s_n = W_hn h + b_hn:
    //
    //     δn = δh ⊙ (1 − z),  δz = δh ⊙ (h before − n),  δr = δ(n's sum) ⊙ s_n
    //     δs_n = δ(n's sum) ⊙ r
    //     δh before = δh ⊙ z + what comes through the sums
    func stepBackward(
        _ input: [Float],
        before: RecurrentState,
        gradient: inout RecurrentState,
        into gradients: inout CellGradients
    ) -> [Float] {
        let x = inputSums(input)
        let s = hiddenSums(before)
        let size = hiddenSize
        var inputSums = x
        var hiddenSums = s
        for u in 0..<size {
            let r = sigmoid(x[u] + s[u])
            let z = sigmoid(x[size + u] + s[size + u])
            let n = tanhf(x[2 * size + u] + r * s[2 * size + u])
            let dh = gradient.hidden[u]
            let dn = dh * (1 - z) * (1 - n * n)
            inputSums[u] = dn * s[2 * size + u] * r * (1 - r)
            inputSums[size + u] = dh * (before.hidden[u] - n) * z * (1 - z)
            inputSums[2 * size + u] = dn
            hiddenSums[u] = inputSums[u]
            hiddenSums[size + u] = inputSums[size + u]
            hiddenSums[2 * size + u] = dn * r
            gradient.hidden[u] = dh * z
        }
        return sumsBackward(
            inputSums: inputSums,
            hiddenSums: hiddenSums,
            input: input,
            before: before,
            gradient: &gradient,
            into: &gradients
        )
    }
}
