/// The name and shape of one of a model's tensors, as PyTorch has them.
public struct TensorShape: Sendable, Equatable {
    /// Such as `encoder.weight_ih_l0`.
    public let name: String

    /// `[out, in]` for weights, `[out]` for a bias.
    public let shape: [Int]

    /// A tensor's name and shape.
    public init(name: String, shape: [Int]) {
        self.name = name
        self.shape = shape
    }

    /// The number of elements.
    public var count: Int {
        shape.reduce(1, *)
    }
}
