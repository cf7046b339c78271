/// A matrix for the plain form of the layers, stored column by column.
struct Matrix: Sendable, Equatable {
    let rows: Int
    let columns: Int

    /// `[columns, rows]`: one column after the other.
    var elements: [Float]

    /// A matrix that is all 0.
    init(rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns
        elements = Array(repeating: 0, count: rows * columns)
    }

    /// A matrix from a PyTorch tensor, `[rows, columns]`, row-major.
    init(rows: Int, columns: Int, rowMajor: [Float]) {
        precondition(rowMajor.count == rows * columns)
        self.init(rows: rows, columns: columns)
        for row in 0..<rows {
            for column in 0..<columns {
                self[row, column] = rowMajor[row * columns + column]
            }
        }
    }

    /// The elements row by row, as PyTorch has them.
    var rowMajor: [Float] {
        (0..<rows).flatMap { row in (0..<columns).map { self[row, $0] } }
    }

    subscript(row: Int, column: Int) -> Float {
        get { elements[column * rows + row] }
        set { elements[column * rows + row] = newValue }
    }
}

/// Adds a matrix-vector product to a vector: `y += W x`.
///
/// - Parameters:
///   - w: weights, `[m, n]`
///   - x: input, `[n]`
///   - y: accumulator, `[m]`
func multiplyAdd(_ w: Matrix, _ x: [Float], into y: inout [Float]) {
    precondition(x.count == w.columns && y.count == w.rows)
    for column in 0..<w.columns {
        for row in 0..<w.rows {
            y[row] += w[row, column] * x[column]
        }
    }
}

/// Adds a product with the transposed matrix to a vector: `x += Wᵀ y`.
///
/// - Parameters:
///   - w: weights, `[m, n]`
///   - y: gradients of the outputs, `[m]`
///   - x: accumulator, `[n]`
func transposedMultiplyAdd(_ w: Matrix, _ y: [Float], into x: inout [Float]) {
    precondition(x.count == w.columns && y.count == w.rows)
    for column in 0..<w.columns {
        for row in 0..<w.rows {
            x[column] += w[row, column] * y[row]
        }
    }
}

/// Adds an outer product to a matrix: `W += y xᵀ`.
///
/// - Parameters:
///   - y: gradients of the outputs, `[m]`
///   - x: inputs, `[n]`
///   - w: accumulator, `[m, n]`
func outerAdd(_ y: [Float], _ x: [Float], into w: inout Matrix) {
    precondition(x.count == w.columns && y.count == w.rows)
    for column in 0..<w.columns {
        for row in 0..<w.rows {
            w[row, column] += y[row] * x[column]
        }
    }
}
