public import TocsinNN

/// The inner loop of training: chunk in, weights moved.
///
/// Nothing here is random and nothing is decided, so that its updates can be held against
/// PyTorch's, one by one.
public struct TrainingLoop: Sendable {
    /// The weights as they are now.
    public private(set) var parameters: Parameters
    /// Gradients are scaled down to this norm.
    public let clip: Double

    private var adam: Adam
    private var pass: PartedPass
    private var gradients: Parameters

    /// A loop over chunks of up to `lanes` × `steps` that begins with the given weights.
    ///
    /// On how many threads it runs makes no difference to the results.
    public init(
        blueprint: Blueprint,
        parameters: Parameters,
        lanes: Int,
        steps: Int,
        clip: Double,
        threads: Int = 1
    ) throws(BlueprintError) {
        let pass = try PartedPass(
            blueprint: blueprint,
            lanes: lanes,
            steps: steps,
            threads: threads
        )
        self.init(pass, parameters: parameters, clip: clip)
    }

    /// A loop that runs on a pass of the right size.
    init(_ pass: PartedPass, parameters: Parameters, clip: Double) {
        self.pass = pass
        self.parameters = parameters
        self.clip = clip
        gradients = Parameters(zeros: pass.blueprint)
        adam = Adam(blueprint: pass.blueprint)
    }

    /// Starts `lanes` lanes from a state of 0.
    public mutating func reset(lanes: Int) {
        pass.reset(lanes: lanes)
    }

    /// Goes back to other weights, and forgets what Adam has seen.
    public mutating func restart(from parameters: Parameters) {
        self.parameters = parameters
        adam = Adam(blueprint: pass.blueprint)
    }

    /// Moves the weights by one update.
    ///
    /// If the loss or the gradients are not finite, the weights stay, and the returned loss is
    /// not finite.
    ///
    /// - Returns: the mean loss before the update, and the norm of its gradients before clipping
    public mutating func update(
        _ chunk: TrainingChunk,
        learningRate: Double
    ) -> (loss: Double, norm: Double) {
        pass.load(parameters)
        let sums = pass.forwardAndBack(chunk, gradients: &gradients)
        guard sums.mean.isFinite else { return (sums.mean, .nan) }
        let norm = gradients.clip(norm: clip)
        guard norm.isFinite else { return (.infinity, norm) }
        adam.update(&parameters, gradients: gradients, learningRate: learningRate)
        return (sums.mean, norm)
    }

    /// Advances the state over a chunk without learning from it.
    public mutating func skip(_ chunk: TrainingChunk) {
        pass.load(parameters)
        _ = pass.forward(chunk)
    }
}
