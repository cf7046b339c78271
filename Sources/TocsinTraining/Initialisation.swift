import TocsinCore
public import TocsinNN

/// The weights that training starts from.
///
/// Input weights, code and heads are Xavier-uniform: ±√(6 / (in + out)) of the whole matrix.
/// Recurrent weights are orthogonal gate by gate, so that a state neither dies nor grows while the
/// gates are half open. Biases are 0, but an LSTM's forget gate starts at 1 (on `bias_ih`), so that
/// it remembers before it has learned what to forget.
///
/// Source: Glorot and Bengio 2010; Saxe et al. 2014, arXiv:1312.6120; Jozefowicz et al. 2015.
public struct Initialisation: Sendable {
    /// Equal seeds give equal weights.
    public let seed: UInt64

    /// An initialisation that follows from its seed.
    public init(seed: UInt64) {
        self.seed = seed
    }

    /// Weights for a blueprint, which must be valid.
    public func parameters(for blueprint: Blueprint) -> Parameters {
        var generator = SeededGenerator(seed: seed)
        var parameters = Parameters(zeros: blueprint)
        let size = blueprint.hiddenSize
        for tensor in parameters.tensors {
            if tensor.name.contains(".weight_hh_l") {
                let gates = tensor.shape[0] / size
                parameters[tensor.name] = (0..<gates).flatMap { _ in
                    orthogonal(size, &generator)
                }
            } else if tensor.shape.count == 2 {
                parameters[tensor.name] = xavier(tensor.shape, &generator)
            } else if blueprint.cell == .lstm, tensor.name.contains(".bias_ih_l") {
                // The second of the gates i f g o.
                let start = parameters.range(of: tensor.name).lowerBound + size
                for index in start..<start + size {
                    parameters.values[index] = 1
                }
            }
        }
        return parameters
    }

    private func xavier(_ shape: [Int], _ generator: inout SeededGenerator) -> [Float] {
        let bound = (6 / Double(shape[0] + shape[1])).squareRoot()
        return (0..<shape[0] * shape[1]).map { _ in
            Float((2 * generator.uniform() - 1) * bound)
        }
    }

    /// A random orthogonal matrix, `[size, size]`: Gram and Schmidt's method on normal rows.
    ///
    /// Each row is made orthogonal twice, because once leaves rounding behind.
    private func orthogonal(_ size: Int, _ generator: inout SeededGenerator) -> [Float] {
        var rows: [[Double]] = []
        while rows.count < size {
            var row = (0..<size).map { _ in generator.normal() }
            for _ in 0..<2 {
                for other in rows {
                    var product = 0.0
                    for index in 0..<size {
                        product += row[index] * other[index]
                    }
                    for index in 0..<size {
                        row[index] -= product * other[index]
                    }
                }
            }
            let length = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
            // A row that happens to lie in the span of the others is drawn again.
            if length > 1e-6 {
                rows.append(row.map { $0 / length })
            }
        }
        return rows.flatMap { $0.map { Float($0) } }
    }
}
