/// A network's tensors by name, in one contiguous piece.
///
/// Gradients and an optimiser's moments have the same shape, and are held in the same type.
public struct Parameters: Sendable, Equatable {
    /// Name and shape of every tensor, in the order of ``values``.
    public let tensors: [TensorShape]

    /// All elements, one tensor after the other, each row-major as in PyTorch.
    public var values: [Float]

    private let offsets: [String: Int]

    /// Parameters that are all 0.
    public init(zeros blueprint: Blueprint) {
        tensors = blueprint.tensors
        var offsets: [String: Int] = [:]
        var count = 0
        for tensor in tensors {
            offsets[tensor.name] = count
            count += tensor.count
        }
        self.offsets = offsets
        values = Array(repeating: 0, count: count)
    }

    /// Parameters from tensors by name, such as a model file holds.
    ///
    /// Throws if one is missing, unknown, of another size, or not finite.
    public init(blueprint: Blueprint, tensors: [String: [Float]]) throws(BlueprintError) {
        try blueprint.validate()
        self.init(zeros: blueprint)
        for name in tensors.keys.sorted() where offsets[name] == nil {
            throw .unknownTensor(name)
        }
        for tensor in self.tensors {
            guard let elements = tensors[tensor.name] else { throw .missingTensor(tensor.name) }
            guard elements.count == tensor.count else {
                throw .unexpectedCount(
                    name: tensor.name,
                    expected: tensor.count,
                    found: elements.count
                )
            }
            self[tensor.name] = elements
        }
        try checkFinite()
    }

    /// One tensor's elements, row-major; `name` must be one of ``tensors``.
    public subscript(name: String) -> [Float] {
        get { Array(values[range(of: name)]) }
        set {
            let range = range(of: name)
            precondition(newValue.count == range.count, "\(name) has \(range.count) elements")
            values.replaceSubrange(range, with: newValue)
        }
    }

    /// Where a tensor lies in ``values``; `name` must be one of ``tensors``.
    public func range(of name: String) -> Range<Int> {
        guard let offset = offsets[name], let tensor = tensors.first(where: { $0.name == name })
        else { preconditionFailure("no tensor '\(name)'") }
        return offset..<offset + tensor.count
    }

    /// Throws if any element is not finite.
    func checkFinite() throws(BlueprintError) {
        for tensor in tensors {
            let range = range(of: tensor.name)
            guard values[range].allSatisfy(\.isFinite) else { throw .notFinite(tensor.name) }
        }
    }
}

/// What an optimiser does to all elements at once.
extension Parameters {
    /// The square root of the sum of the squares of all elements.
    public var norm: Double {
        Kernels.sumOfSquares(values).squareRoot()
    }

    /// Multiplies every element.
    public mutating func scale(by factor: Float) {
        Kernels.scale(&values, by: factor)
    }

    /// Takes one step of Adam, in the order in which `torch.optim.Adam` rounds.
    ///
    ///     m ← m + (1 − β₁) (g − m)
    ///     v ← β₂ v + (1 − β₂) g²
    ///     p ← p − stepSize × m / (√v / root + ε)
    ///
    /// - Parameters:
    ///   - gradients: g
    ///   - first: m
    ///   - second: v
    ///   - decay: β₁ and β₂
    ///   - stepSize: the learning rate over m's correction, `1 − β₁ᵗ`
    ///   - root: the square root of v's correction, `1 − β₂ᵗ`
    ///   - epsilon: ε
    public mutating func stepAdam(
        gradients: Parameters,
        first: inout Parameters,
        second: inout Parameters,
        decay: (first: Double, second: Double),
        stepSize: Double,
        root: Double,
        epsilon: Double
    ) {
        Kernels.adam(
            &values,
            gradients: gradients.values,
            first: &first.values,
            second: &second.values,
            decay: decay,
            stepSize: stepSize,
            root: root,
            epsilon: epsilon
        )
    }
}
