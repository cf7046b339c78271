import Glibc
public import TocsinNN

/// An optimiser that keeps a running mean of every gradient and of its square.
///
/// Defaults and the order of every rounding are those of `torch.optim.Adam`.
///
/// Source: Kingma and Ba 2015, arXiv:1412.6980, algorithm 1.
public struct Adam: Sendable {
    /// How much of the running means is kept at each update: β₁ and β₂.
    public let decay: (first: Double, second: Double)
    /// Keeps the step finite where gradients are 0.
    public let epsilon: Double

    private var first: Parameters
    private var second: Parameters
    private var updates = 0

    /// An optimiser that has seen nothing yet.
    public init(
        blueprint: Blueprint,
        decay: (first: Double, second: Double) = (0.9, 0.999),
        epsilon: Double = 1e-8
    ) {
        self.decay = decay
        self.epsilon = epsilon
        first = Parameters(zeros: blueprint)
        second = first
    }

    /// Moves the parameters against their gradients.
    public mutating func update(
        _ parameters: inout Parameters,
        gradients: Parameters,
        learningRate: Double
    ) {
        updates += 1
        parameters.stepAdam(
            gradients: gradients,
            first: &first,
            second: &second,
            decay: decay,
            stepSize: learningRate / (1 - pow(decay.first, Double(updates))),
            root: (1 - pow(decay.second, Double(updates))).squareRoot(),
            epsilon: epsilon
        )
    }
}
