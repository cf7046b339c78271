internal import CTocsinKernels
import Glibc

/// Puts the weights of one layer after the other into panels, as `StepForm.h` has them.
struct StepPacking {
    /// All parameters, as PyTorch has them.
    let values: [Float]
    let lanes: Int
    let weights: WeightType
    private(set) var layers: [tocsin_layer] = []
    /// The packed weights: floats, or pairs of halves with the first in the low bits.
    private(set) var words: [UInt32] = []

    init(values: [Float], lanes: Int, weights: WeightType) {
        self.values = values
        self.lanes = lanes
        self.weights = weights
    }

    typealias Source = (place: tocsin_place, start: Int)

    // The kernels compute 2^x where the activations have e^−x and e^−2x.
    private static let sigmoid = -1 / M_LN2
    private static let tanh = -2 / M_LN2

    mutating func add(_ layer: RecurrentLayer, from input: Source) {
        let (values, inputs, size) = (values, layer.inputSize, layer.hiddenSize)
        let (kind, factors) =
            switch layer.kind {
            case .lstm: (TOCSIN_LSTM, [Self.sigmoid, Self.sigmoid, Self.tanh, Self.sigmoid])
            case .gru: (TOCSIN_GRU, [Self.sigmoid, Self.sigmoid, Self.tanh])
            case .rnn: (TOCSIN_RNN, [Self.tanh])
            }
        begin(kind, input, (TOCSIN_RECURRENT, layer.stateStart), inputs, size)
        for panel in panels(size, gates: factors.count) {
            for (first, gate) in panel {
                // The GRU's reset gate stands between the two biases of n.
                let isApart = layer.kind == .gru && gate == 2
                addBias(first, size, factors[gate]) { unit in
                    let row = gate * size + unit
                    let bias = Double(values[layer.inputBias + row])
                    return isApart ? bias : bias + Double(values[layer.hiddenBias + row])
                }
            }
            if layer.kind == .gru {
                for (first, gate) in panel {
                    addBias(first, size, factors[gate]) { unit in
                        gate == 2 ? Double(values[layer.hiddenBias + gate * size + unit]) : 0
                    }
                }
            }
            for (start, columns) in [(layer.inputWeights, inputs), (layer.hiddenWeights, size)] {
                for column in 0..<columns {
                    for (first, gate) in panel {
                        add(first, size, factors[gate]) { unit in
                            Double(values[start + (gate * size + unit) * columns + column])
                        }
                    }
                }
            }
        }
    }

    mutating func add(_ layer: LinearLayer, from input: Source, to output: tocsin_place) {
        let (values, inputs, size) = (values, layer.inputSize, layer.outputSize)
        begin(TOCSIN_LINEAR, input, (output, 0), inputs, size)
        for panel in panels(size, gates: 1) {
            for (first, _) in panel { addBias(first, size, 1) { Double(values[layer.bias + $0]) } }
            for column in 0..<inputs {
                for (first, _) in panel {
                    add(first, size, 1) { Double(values[layer.weights + $0 * inputs + column]) }
                }
            }
        }
    }

    /// Vectors in pairs: the first unit of each and its gate; behind the last one of no units.
    private func panels(_ size: Int, gates: Int) -> [[(first: Int, gate: Int)]] {
        let vectors = (size + lanes - 1) / lanes * gates
        return stride(from: 0, to: vectors, by: 2).map { start in
            (start..<start + 2).map { vector in
                vector < vectors ? (vector / gates * lanes, vector % gates) : (size, 0)
            }
        }
    }

    private mutating func begin(
        _ kind: tocsin_layer_kind,
        _ input: Source,
        _ output: Source,
        _ inputs: Int,
        _ size: Int
    ) {
        while words.count % 16 != 0 { words.append(0) }
        layers.append(
            tocsin_layer(
                kind: kind,
                input: input.place,
                output: output.place,
                input_start: input.start,
                output_start: output.start,
                input_size: inputs,
                size: size,
                weights: words.count
            )
        )
    }

    /// Adds one vector of floats: `factor × value(unit)`, rounded once, and 0 beyond the last unit.
    ///
    /// Beside half weights everything is without its factor.
    private mutating func addBias(
        _ first: Int,
        _ size: Int,
        _ factor: Double,
        _ value: (Int) -> Double
    ) {
        let factor = weights == .half ? 1 : factor
        for unit in first..<first + lanes {
            words.append((unit < size ? Float(factor * value(unit)) : 0).bitPattern)
        }
    }

    /// Adds one vector of weights, likewise.
    private mutating func add(
        _ first: Int,
        _ size: Int,
        _ factor: Double,
        _ value: (Int) -> Double
    ) {
        guard weights == .half else { return addBias(first, size, factor, value) }
        func bits(_ unit: Int) -> UInt32 {
            unit < size ? UInt32(Float16(value(unit)).bitPattern) : 0
        }
        for unit in stride(from: first, to: first + lanes, by: 2) {
            words.append(bits(unit) | bits(unit + 1) << 16)
        }
    }
}
