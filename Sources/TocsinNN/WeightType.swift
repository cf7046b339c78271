internal import CTocsinKernels

/// What a network's weights are held in; the arithmetic is that of `Float` with both.
public enum WeightType: String, Sendable, Codable, CaseIterable {
    /// 32 bits.
    case single = "f32"
    /// 16 bits, IEEE 754 binary16: half the memory, and weights rounded to 11 binary digits.
    ///
    /// In memory a processor that cannot convert them (x86-64 without AVX2) holds 32 bits.
    case half = "f16"

    var kernel: tocsin_weight_type {
        switch self {
        case .single: TOCSIN_SINGLE
        case .half: TOCSIN_HALF
        }
    }
}

extension Parameters {
    /// The nearest numbers that weights of a type can be; what is too large becomes infinite.
    func rounded(to weights: WeightType) -> Parameters {
        guard weights == .half else { return self }
        var rounded = self
        rounded.values = values.map { Float(Float16($0)) }
        return rounded
    }
}
