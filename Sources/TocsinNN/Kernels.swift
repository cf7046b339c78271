internal import CTocsinKernels

/// `CTocsinKernels` with its bounds checked: the one place where arrays become pointers.
///
/// An array is followed by the index of its first element. None of these allocates.
enum Kernels {
    /// Adds a product: `y[rows, columns] += x[rows, inner] · w[inner, columns]`.
    static func multiplyAdd(
        _ y: inout [Float],
        at yStart: Int,
        _ x: [Float],
        at xStart: Int,
        _ w: [Float],
        at wStart: Int,
        rows: Int,
        inner: Int,
        columns: Int
    ) {
        check(y, yStart, rows * columns)
        check(x, xStart, rows * inner)
        check(w, wStart, inner * columns)
        unsafe tocsin_multiply_add(&y, yStart, x, xStart, w, wStart, rows, inner, columns)
    }

    /// Adds a product with a transposed matrix: `y[m, n] += a[k, m]ᵀ · b[k, n]`.
    static func transposedMultiplyAdd(
        _ y: inout [Float],
        at yStart: Int,
        _ a: [Float],
        at aStart: Int,
        _ b: [Float],
        at bStart: Int,
        k: Int,
        m: Int,
        n: Int
    ) {
        check(y, yStart, m * n)
        check(a, aStart, k * m)
        check(b, bStart, k * n)
        unsafe tocsin_transposed_multiply_add(&y, yStart, a, aStart, b, bStart, k, m, n)
    }

    /// Adds the sums of columns: `y[columns] += Σ a[rows, columns]`.
    static func columnSumsAdd(
        _ y: inout [Float],
        at yStart: Int,
        _ a: [Float],
        rows: Int,
        columns: Int
    ) {
        check(y, yStart, columns)
        check(a, 0, rows * columns)
        unsafe tocsin_column_sums_add(&y, yStart, a, 0, rows, columns)
    }

    /// Sets every row: `y[rows, columns] = bias[columns]`.
    static func fillRows(
        _ y: inout [Float],
        at yStart: Int,
        _ bias: [Float],
        at biasStart: Int,
        rows: Int,
        columns: Int
    ) {
        check(y, yStart, rows * columns)
        check(bias, biasStart, columns)
        unsafe tocsin_fill_rows(&y, yStart, bias, biasStart, rows, columns)
    }

    /// Transposes: `y[columns, rows] = x[rows, columns]ᵀ`.
    static func transpose(
        _ y: inout [Float],
        at yStart: Int,
        _ x: [Float],
        at xStart: Int,
        rows: Int,
        columns: Int
    ) {
        check(y, yStart, rows * columns)
        check(x, xStart, rows * columns)
        unsafe tocsin_transpose(&y, yStart, x, xStart, rows, columns)
    }

    /// Adds a vector: `y[n] += x[n]`.
    static func add(_ y: inout [Float], at yStart: Int, _ x: [Float], at xStart: Int, count: Int) {
        check(y, yStart, count)
        check(x, xStart, count)
        unsafe tocsin_add(&y, yStart, x, xStart, count)
    }

    private static func check(_ array: [Float], _ start: Int, _ count: Int) {
        precondition(start >= 0 && count >= 0 && start + count <= array.count, "out of bounds")
    }
}

/// Gates of all kinds of cell.
extension Kernels {
    /// Where one step finds and leaves the state of all its rows.
    ///
    /// Each is the index of the first element of `[rows, size]`; before and after may be the same.
    /// Only the LSTM has a memory.
    struct Places {
        var hiddenBefore: Int
        var hiddenAfter: Int
        var memoryBefore: Int
        var memoryAfter: Int
    }

    /// Turns sums into activations and the next state.
    ///
    /// - Parameters:
    ///   - gates: the input's sums, `[rows, gates × size]`; on return the activations
    ///   - hiddenSums: the hidden state's sums, `[rows, gates × size]`
    ///   - state: hidden and memory, `[rows, size]` each, where `places` says
    static func forward(
        _ kind: CellKind,
        gates: inout [Float],
        at gatesStart: Int = 0,
        hiddenSums: [Float],
        at sumsStart: Int = 0,
        state: inout [Float],
        places: Places,
        rows: Int,
        size: Int
    ) {
        check(gates, gatesStart, rows * kind.gates * size)
        check(hiddenSums, sumsStart, rows * kind.gates * size)
        check(state, places, kind, rows * size)
        switch kind {
        case .lstm:
            unsafe tocsin_lstm_forward(
                &gates,
                gatesStart,
                hiddenSums,
                sumsStart,
                &state,
                places.hiddenAfter,
                places.memoryBefore,
                places.memoryAfter,
                rows,
                size
            )
        case .gru:
            unsafe tocsin_gru_forward(
                &gates,
                gatesStart,
                hiddenSums,
                sumsStart,
                &state,
                places.hiddenBefore,
                places.hiddenAfter,
                rows,
                size
            )
        case .rnn:
            unsafe tocsin_rnn_forward(
                &gates,
                gatesStart,
                hiddenSums,
                sumsStart,
                &state,
                places.hiddenAfter,
                rows,
                size
            )
        }
    }

    /// Turns the gradients of the state after a step into those of the sums and of the state
    /// before it.
    ///
    /// - Parameters:
    ///   - gates: the activations, `[rows, gates × size]`; on return the input sums' gradients
    ///   - hiddenSums: as in the forward step; on return, for the GRU only, their gradients
    ///   - hiddenGradient: after the step, `[rows, size]`; on return before it, without what
    ///     reaches the hidden state through its sums
    ///   - memoryGradient: after the step, `[rows, size]`; on return before it; LSTM only
    static func backward(
        _ kind: CellKind,
        gates: inout [Float],
        at gatesStart: Int,
        hiddenSums: inout [Float],
        at sumsStart: Int,
        state: [Float],
        places: Places,
        hiddenGradient: inout [Float],
        memoryGradient: inout [Float],
        rows: Int,
        size: Int
    ) {
        check(gates, gatesStart, rows * kind.gates * size)
        check(hiddenSums, sumsStart, rows * kind.gates * size)
        check(state, places, kind, rows * size)
        check(hiddenGradient, 0, rows * size)
        switch kind {
        case .lstm:
            check(memoryGradient, 0, rows * size)
            unsafe tocsin_lstm_backward(
                &gates,
                gatesStart,
                state,
                places.memoryBefore,
                places.memoryAfter,
                &hiddenGradient,
                &memoryGradient,
                rows,
                size
            )
        case .gru:
            unsafe tocsin_gru_backward(
                &gates,
                gatesStart,
                &hiddenSums,
                sumsStart,
                state,
                places.hiddenBefore,
                &hiddenGradient,
                rows,
                size
            )
        case .rnn:
            unsafe tocsin_rnn_backward(&gates, gatesStart, &hiddenGradient, rows, size)
        }
    }

    private static func check(_ state: [Float], _ places: Places, _ kind: CellKind, _ count: Int) {
        check(state, places.hiddenBefore, count)
        check(state, places.hiddenAfter, count)
        if kind == .lstm {
            check(state, places.memoryBefore, count)
            check(state, places.memoryAfter, count)
        }
    }
}

/// Loss and optimiser.
extension Kernels {
    /// The sum of `count` elements.
    static func sum(_ x: [Float], at start: Int, count: Int) -> Double {
        check(x, start, count)
        return unsafe tocsin_sum(x, start, count)
    }

    /// The sum of the squares of all elements.
    static func sumOfSquares(_ x: [Float]) -> Double {
        unsafe tocsin_sum_of_squares(x, x.count)
    }

    /// Multiplies every element: `y *= factor`.
    static func scale(_ y: inout [Float], by factor: Float) {
        unsafe tocsin_scale(&y, factor, y.count)
    }

    /// The sum of `weight × (output − target)²`.
    static func squaredError(
        _ output: [Float],
        target: [Float],
        weights: [Float],
        at start: Int,
        count: Int
    ) -> Double {
        check(output, 0, count)
        check(target, start, count)
        check(weights, start, count)
        return unsafe tocsin_squared_error(output, target, start, weights, start, count)
    }

    /// The loss's gradient: `gradient = 2 × scale × weight × (output − target)`.
    static func squaredErrorGradient(
        _ gradient: inout [Float],
        output: [Float],
        target: [Float],
        weights: [Float],
        at start: Int,
        scale: Float,
        count: Int
    ) {
        check(gradient, 0, count)
        check(output, 0, count)
        check(target, start, count)
        check(weights, start, count)
        unsafe tocsin_squared_error_gradient(
            &gradient,
            output,
            target,
            start,
            weights,
            start,
            scale,
            count
        )
    }

    /// One step of Adam; the numbers are those of `tocsin_adam`.
    static func adam(
        _ parameters: inout [Float],
        gradients: [Float],
        first: inout [Float],
        second: inout [Float],
        decay: (first: Double, second: Double),
        stepSize: Double,
        root: Double,
        epsilon: Double
    ) {
        let count = parameters.count
        precondition(gradients.count == count && first.count == count && second.count == count)
        unsafe tocsin_adam(
            &parameters,
            gradients,
            &first,
            &second,
            count,
            Float(1 - decay.first),
            Float(decay.second),
            Float(1 - decay.second),
            Float(stepSize),
            Float(root),
            Float(epsilon)
        )
    }
}
