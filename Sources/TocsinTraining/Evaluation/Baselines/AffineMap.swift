/// `y = W x + b`.
struct AffineMap: Sendable, Equatable {
    /// W column by column, `[inputs, outputs]`.
    private let columns: [Float]
    /// b, `[outputs]`.
    let bias: [Float]

    /// A map.
    ///
    /// - Parameter columns: what each input adds to the outputs, `[inputs][outputs]`
    init(columns: [[Float]], bias: [Float]) {
        precondition(columns.allSatisfy { $0.count == bias.count })
        self.columns = columns.flatMap(\.self)
        self.bias = bias
    }

    /// Applies it.
    ///
    /// - Parameters:
    ///   - x: `[inputs]`
    ///   - y: `[outputs]`; overwritten
    func apply(_ x: [Float], into y: inout [Float]) {
        let outputs = bias.count
        precondition(x.count * outputs == columns.count && y.count == outputs)
        var y = y.mutableSpan
        for row in bias.indices { y[row] = bias[row] }
        for input in x.indices {
            let column = columns.span.extracting(input * outputs..<(input + 1) * outputs)
            let factor = x[input]
            for row in column.indices { y[row] += column[row] * factor }
        }
    }
}
