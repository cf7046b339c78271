/// Linear baselines: each expects of a frame what a matrix makes of a window.
///
/// Windows hold features less their mean, the oldest frame first.
extension AffineMap {
    /// The next frame by ridge regression on the frames before it, a vector autoregression.
    ///
    ///     x(t) ≈ A₁ x(t − 1) + … + A_p x(t − p),  A = (Σ w wᵀ + λ 1)⁻¹ Σ w xᵀ
    ///
    /// λ is the mean of the diagonal of Σ w wᵀ times `ridge`. It does little to directions in which the
    /// windows vary much, and keeps those in which they hardly do from being made up. A tenth finds most:
    /// over the SMD and ASD series for tuning, VUS-PR is 0.57 and 0.54 with a thousandth, 0.57 and 0.55
    /// with a hundredth, 0.60 and 0.56 with a tenth, and 0.60 and 0.53 with one.
    ///
    /// Source: Lütkepohl 2005, "New Introduction to Multiple Time Series Analysis", section 3.2; Hoerl
    /// and Kennard 1970 for the ridge.
    ///
    /// - Parameters:
    ///   - products: of windows with one frame more than are regressed on
    ///   - ridge: dimensionless, more than 0
    init(regressing products: WindowProducts, mean: [Float], ridge: Double = 0.1) {
        let sums = products.sums
        let inputs = sums.size - mean.count
        let before = sums.part(0..<inputs)
        let solution = before.solve(
            sums.rows[..<inputs].map { Array($0[inputs...]) },
            // Of a recording without a window nothing is known, and the mean is what is left.
            ridge: max(ridge * before.trace / Double(inputs), 1e-9)
        )
        self.init(columns: solution.map { $0.map { Float($0) } }, bias: mean)
    }

    /// The newest frame of a window from the window's leading principal components.
    ///
    /// As many components as hold 95 % of the variance, but at most half as many as there are values in
    /// the window, so that something is left over to be surprised by. One channel alone has half a
    /// component, that is none, and is expected at its mean. With V, the kept unit vectors, the newest
    /// frame is the last rows of V Vᵀ w.
    ///
    /// Source: Jackson and Mudholkar 1979, "Control procedures for residuals associated with principal
    /// component analysis"; windows as in Ku, Storer and Georgakis 1995 (dynamic PCA).
    init(reconstructing products: WindowProducts, mean: [Float]) {
        let sums = products.sums
        let (values, vectors) = sums.eigen()
        let variance = sums.trace
        var kept = 0
        var held = 0.0
        while kept < sums.size / 2, held < 0.95 * variance {
            held += values[kept]
            kept += 1
        }
        let newest = sums.size - mean.count..<sums.size
        var columns = Array(
            repeating: Array(repeating: 0.0, count: mean.count),
            count: sums.size
        )
        for vector in vectors[..<kept] {
            for input in vector.indices {
                add(vector[input], times: vector.span.extracting(newest), to: &columns[input])
            }
        }
        self.init(columns: columns.map { $0.map { Float($0) } }, bias: mean)
    }
}
