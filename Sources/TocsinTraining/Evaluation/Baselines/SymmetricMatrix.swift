import Glibc

/// A symmetric matrix, stored whole, and the two things that fitting a linear baseline asks of it.
///
/// Plain dense routines in double precision, meant for some hundred rows: every inner loop runs along a
/// row, so that the compiler can make vectors of it. Solving takes n³/2 and the eigenvectors about 9 n³
/// multiplications, which is half a second for n = 380.
struct SymmetricMatrix: Sendable, Equatable {
    /// The elements, `[size][size]`.
    var rows: [[Double]]

    /// How many rows and columns there are.
    var size: Int { rows.count }

    /// A matrix that is all 0.
    init(zeros size: Int) {
        rows = Array(repeating: Array(repeating: 0, count: size), count: size)
    }

    /// A matrix by its rows; symmetry is not checked.
    init(rows: [[Double]]) {
        self.rows = rows
    }

    /// The sum of the diagonal.
    var trace: Double { rows.indices.reduce(0) { $0 + rows[$1][$1] } }

    /// The rows and columns from `range` alone.
    func part(_ range: Range<Int>) -> SymmetricMatrix {
        SymmetricMatrix(rows: range.map { Array(rows[$0][range]) })
    }

    /// X in `(A + ridge · 1) X = B`; what is added to the diagonal must make A positive definite.
    ///
    /// Source: Cholesky's method, Golub and Van Loan 2013, "Matrix Computations", algorithm 4.2.2, with
    /// A = Uᵀ U.
    ///
    /// - Parameter right: B, `[size][columns]`
    /// - Returns: X, `[size][columns]`
    func solve(_ right: [[Double]], ridge: Double) -> [[Double]] {
        precondition(right.count == size)
        var u = rows
        var x = right
        for k in 0..<size {
            u[k][k] += ridge
        }
        for k in 0..<size {
            let pivot = u[k][k].squareRoot()
            precondition(pivot > 0, "not positive definite")
            scale(&u[k], by: 1 / pivot)
            scale(&x[k], by: 1 / pivot)
            let (row, values) = (u[k], x[k])
            for i in k + 1..<max(size, k + 1) {
                add(-row[i], times: row, to: &u[i])
                add(-row[i], times: values, to: &x[i])
            }
        }
        for k in (0..<size).reversed() {
            scale(&x[k], by: 1 / u[k][k])
            let values = x[k]
            for i in 0..<k {
                add(-u[i][k], times: values, to: &x[i])
            }
        }
        return x
    }

    /// The eigenvalues, falling, `[size]`, and a unit vector for each, `[size][size]`.
    ///
    /// Source: Householder's reduction to tridiagonal form and the QL method with implicit shifts, as in
    /// Golub and Van Loan 2013, sections 8.3.1 and 8.3.3, and EISPACK's `imtql2` (Martin and Wilkinson
    /// 1968).
    func eigen() -> (values: [Double], vectors: [[Double]]) {
        var form = tridiagonal()
        form.diagonalise()
        let order = form.diagonal.indices.sorted { form.diagonal[$0] > form.diagonal[$1] }
        return (order.map { form.diagonal[$0] }, order.map { form.vectors[$0] })
    }

    /// A = Zᵀ T Z with a tridiagonal T, by one reflection `1 − β v vᵀ` for each column.
    private func tridiagonal() -> TridiagonalForm {
        var a = rows
        var form = TridiagonalForm(size: size)
        for k in 0..<max(size - 2, 0) {
            var v: [Double] = Array(repeating: 0, count: size)
            var square = 0.0
            for i in k + 1..<size {
                v[i] = a[k][i]
                square += v[i] * v[i]
            }
            form.diagonal[k] = a[k][k]
            let beside = v[k + 1] > 0 ? -square.squareRoot() : square.squareRoot()
            form.beside[k] = beside
            // v ← v − beside e, whose square follows without a second sum.
            let length = 2 * (square - beside * v[k + 1])
            v[k + 1] -= beside
            guard length > 0 else { continue }
            let beta = 2 / length

            var w: [Double] = Array(repeating: 0, count: size)
            for i in k + 1..<size { add(beta * v[i], times: a[i], to: &w) }
            var product = 0.0
            for i in k + 1..<size { product += w[i] * v[i] }
            add(-beta / 2 * product, times: v, to: &w)
            for i in k + 1..<size {
                add(-v[i], times: w, to: &a[i])
                add(-w[i], times: v, to: &a[i])
            }

            var sum: [Double] = Array(repeating: 0, count: size)
            for i in k + 1..<size { add(v[i], times: form.vectors[i], to: &sum) }
            for i in k + 1..<size { add(-beta * v[i], times: sum, to: &form.vectors[i]) }
        }
        for k in max(size - 2, 0)..<size {
            form.diagonal[k] = a[k][k]
            if k + 1 < size { form.beside[k] = a[k][k + 1] }
        }
        return form
    }
}

/// A tridiagonal matrix T on its way to a diagonal one, with A = Zᵀ T Z throughout.
private struct TridiagonalForm {
    /// The diagonal of T, `[size]`.
    var diagonal: [Double]
    /// Beside the diagonal; the last one is 0, `[size]`.
    var beside: [Double]
    /// The matrix Z, `[size][size]`.
    var vectors: [[Double]]

    /// The unit matrix between nothing and nothing.
    init(size: Int) {
        diagonal = Array(repeating: 0, count: size)
        beside = diagonal
        vectors = SymmetricMatrix(zeros: size).rows
        for i in 0..<size { vectors[i][i] = 1 }
    }

    mutating func diagonalise() {
        let size = diagonal.count
        let largest = diagonal.indices.reduce(0) {
            max($0, abs(diagonal[$1]) + abs(beside[$1]))
        }
        let negligible = largest * Double.ulpOfOne
        for first in 0..<size {
            // Three rounds are usual; a value that took sixty is as good as it will get.
            for _ in 0..<60 {
                var last = first
                while last + 1 < size, abs(beside[last]) > negligible { last += 1 }
                if last == first { break }
                sweep(first, last)
            }
        }
    }

    /// One implicit QL step between two rows.
    private mutating func sweep(_ first: Int, _ last: Int) {
        let half = (diagonal[first + 1] - diagonal[first]) / (2 * beside[first])
        let root = hypot(half, 1)
        var g =
            diagonal[last] - diagonal[first]
            + beside[first] / (half + (half < 0 ? -root : root))
        var (s, c, p) = (1.0, 1.0, 0.0)
        for i in (first..<last).reversed() {
            let f = s * beside[i]
            let b = c * beside[i]
            let r = hypot(f, g)
            beside[i + 1] = r
            if r == 0 {
                diagonal[i + 1] -= p
                beside[last] = 0
                return
            }
            s = f / r
            c = g / r
            g = diagonal[i + 1] - p
            let turned = (diagonal[i] - g) * s + 2 * c * b
            p = s * turned
            diagonal[i + 1] = g + p
            g = c * turned - b
            rotate(i, c, s)
        }
        diagonal[first] -= p
        beside[first] = g
        beside[last] = 0
    }

    /// Turns two vectors against each other.
    private mutating func rotate(_ i: Int, _ c: Double, _ s: Double) {
        // Taken out, so that both can be written to.
        var lower: [Double] = []
        var upper: [Double] = []
        swap(&lower, &vectors[i])
        swap(&upper, &vectors[i + 1])
        turn(&lower, &upper, c, s)
        swap(&lower, &vectors[i])
        swap(&upper, &vectors[i + 1])
    }
}

/// `y += factor · x`, of equal length.
func add(_ factor: Double, times x: Span<Double>, to y: inout [Double]) {
    precondition(x.count == y.count)
    var y = y.mutableSpan
    for i in x.indices { y[i] += factor * x[i] }
}

/// `y += factor · x`, of equal length.
func add(_ factor: Double, times x: [Double], to y: inout [Double]) {
    add(factor, times: x.span, to: &y)
}

private func scale(_ x: inout [Double], by factor: Double) {
    var x = x.mutableSpan
    for i in x.indices { x[i] *= factor }
}

private func turn(_ lower: inout [Double], _ upper: inout [Double], _ c: Double, _ s: Double) {
    precondition(lower.count == upper.count)
    var lower = lower.mutableSpan
    var upper = upper.mutableSpan
    for k in lower.indices {
        let above = upper[k]
        upper[k] = s * lower[k] + c * above
        lower[k] = c * lower[k] - s * above
    }
}
