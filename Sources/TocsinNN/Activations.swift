import Glibc

/// The logistic function, plain: `1 / (1 + e⁻ˣ)`.
func sigmoid(_ x: Float) -> Float {
    1 / (1 + expf(-x))
}
