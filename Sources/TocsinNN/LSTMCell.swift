import Glibc

/// A long short-term memory.
///
///     i = σ(W_ii x + b_ii + W_hi h + b_hi)        input gate
///     f = σ(W_if x + b_if + W_hf h + b_hf)        forget gate
///     g = tanh(W_ig x + b_ig + W_hg h + b_hg)
///     o = σ(W_io x + b_io + W_ho h + b_ho)        output gate
///     c ← f ⊙ c + i ⊙ g
///     h ← o ⊙ tanh(c)
///
/// Weights hold the gates one under the other in the order i, f, g, o, as in `torch.nn.LSTM`.
///
/// Source: Hochreiter and Schmidhuber 1997; forget gate of Gers et al. 2000; no peepholes.
struct LSTMCell: RecurrentCell {
    let inputWeights: Matrix
    let hiddenWeights: Matrix
    let inputBias: [Float]
    let hiddenBias: [Float]

    func step(_ input: [Float], state: inout RecurrentState) {
        let x = inputSums(input)
        let s = hiddenSums(state)
        let size = hiddenSize
        for u in 0..<size {
            let i = sigmoid(x[u] + s[u])
            let f = sigmoid(x[size + u] + s[size + u])
            let g = tanhf(x[2 * size + u] + s[2 * size + u])
            let o = sigmoid(x[3 * size + u] + s[3 * size + u])
            state.memory[u] = f * state.memory[u] + i * g
            state.hidden[u] = o * tanhf(state.memory[u])
        }
    }

    // With δ for the gradient of what follows it, and σ' = σ (1 − σ), tanh' = 1 − tanh²:
    //
    //     δc ← δc + δh ⊙ o ⊙ (1 − tanh(c)²)
    //     δi = δc ⊙ g,  δf = δc ⊙ c before,  δg = δc ⊙ i,  δo = δh ⊙ tanh(c)
    //     δc before = δc ⊙ f
    func stepBackward(
        _ input: [Float],
        before: RecurrentState,
        gradient: inout RecurrentState,
        into gradients: inout CellGradients
    ) -> [Float] {
        let x = inputSums(input)
        let s = hiddenSums(before)
        let size = hiddenSize
        var sums = x
        for u in 0..<size {
            let i = sigmoid(x[u] + s[u])
            let f = sigmoid(x[size + u] + s[size + u])
            let g = tanhf(x[2 * size + u] + s[2 * size + u])
            let o = sigmoid(x[3 * size + u] + s[3 * size + u])
            let t = tanhf(f * before.memory[u] + i * g)
            let dh = gradient.hidden[u]
            let dc = gradient.memory[u] + dh * o * (1 - t * t)
            sums[u] = dc * g * i * (1 - i)
            sums[size + u] = dc * before.memory[u] * f * (1 - f)
            sums[2 * size + u] = dc * i * (1 - g * g)
            sums[3 * size + u] = dh * t * o * (1 - o)
            gradient.memory[u] = dc * f
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
