public import TocsinNN

/// What training led to.
public struct TrainingOutcome: Sendable {
    /// A validation during training.
    public struct Validation: Sendable, Equatable {
        /// The number of updates before it.
        public let update: Int
        /// The mean training loss since the validation before; `nil` before the first update.
        public let trainingLoss: Double?
        /// The loss on the validation segments.
        public let validationLoss: Double
    }

    /// The best weights.
    public internal(set) var parameters: Parameters
    /// The loss of the best weights; `nil` if there was nothing to validate on.
    public internal(set) var validationLoss: Double?
    /// The number of updates done.
    public internal(set) var updates = 0
    /// The longest stretch, in samples, over which the state was carried in training.
    public internal(set) var longestSequence = 0
    /// Every validation, in order.
    public internal(set) var history: [Validation] = []
    /// What was unusual, one sentence each, for people.
    public internal(set) var notes: [String] = []

    init(parameters: Parameters) {
        self.parameters = parameters
    }
}
