internal import CTocsinKernels

/// `CTocsinKernels` with its bounds checked: the one place where arrays become pointers.
///
/// An array is followed by the index of its first element. None of these allocates.
enum Kernels {
    static func check(_ array: some Collection<Float>, _ start: Int, _ count: Int) {
        precondition(start >= 0 && count >= 0 && start + count <= array.count, "out of bounds")
    }
}

/// Loss and optimiser.
extension Kernels {
    /// Adds element by element: `y += x`.
    static func add(_ y: inout AlignedFloats, _ x: AlignedFloats) {
        precondition(y.count == x.count)
        unsafe tocsin_add(y.mutablePointer(), x.pointer, x.count)
    }

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
