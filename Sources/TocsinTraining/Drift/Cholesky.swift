/// The factor L of a positive definite matrix L Lᵀ.
struct Cholesky {
    /// L, row by row, `[size, size]`; only the lower triangle means something.
    private let factor: [Double]
    private let size: Int

    /// Factors a matrix.
    ///
    /// - Parameters:
    ///   - matrix: positive definite, of which only the lower triangle is read, `[size, size]`
    init(_ matrix: [Double], size: Int) {
        var factor = matrix
        for i in 0..<size {
            for j in 0...i {
                var sum = factor[i * size + j]
                for k in 0..<j { sum -= factor[i * size + k] * factor[j * size + k] }
                factor[i * size + j] = i == j ? sum.squareRoot() : sum / factor[j * size + j]
            }
        }
        self.factor = factor
        self.size = size
    }

    /// L⁻¹, the lower triangle row by row, `[size × (size + 1) / 2]`.
    var inverse: [Double] {
        var inverse: [Double] = Array(repeating: 0, count: size * size)
        for i in 0..<size {
            for j in 0...i {
                var sum = i == j ? 1.0 : 0
                for k in j..<i { sum -= factor[i * size + k] * inverse[k * size + j] }
                inverse[i * size + j] = sum / factor[i * size + i]
            }
        }
        return (0..<size).flatMap { i in inverse[i * size...i * size + i] }
    }

    /// The x with L Lᵀ x = b.
    func solve(_ b: [Double]) -> [Double] {
        var x = b
        for i in 0..<size {
            for k in 0..<i { x[i] -= factor[i * size + k] * x[k] }
            x[i] /= factor[i * size + i]
        }
        for i in (0..<size).reversed() {
            for k in i + 1..<size { x[i] -= factor[k * size + i] * x[k] }
            x[i] /= factor[i * size + i]
        }
        return x
    }
}
