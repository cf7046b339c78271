public import TocsinNN

/// Fits a network's weights to recorded segments.
///
/// Lanes run along the segments side by side; each chunk of them makes one update, and the state is
/// carried from chunk to chunk, so that the network learns to live with the long states it will
/// have in the daemon. The same seed, options and data give the same bytes on the same machine.
public struct Trainer: Sendable {
    /// The sizes of the network.
    public let blueprint: Blueprint
    /// How to train.
    public let options: TrainingOptions

    private let pass: PartedPass

    /// A trainer; throws if the sizes are impossible.
    public init(
        blueprint: Blueprint,
        options: TrainingOptions = TrainingOptions()
    ) throws(BlueprintError) {
        pass = try PartedPass(
            blueprint: blueprint,
            lanes: options.lanes,
            steps: options.truncation,
            threads: options.threads ?? Workers.processors
        )
        self.blueprint = blueprint
        self.options = options
    }

    /// Trains, from scratch unless weights are given.
    ///
    /// - Parameters:
    ///   - segments: at least one of two frames or more; all with `inputSize` channels
    ///   - validation: segments that training never sees; without any, training runs to its last
    ///     update and keeps the last weights
    ///   - channelWeights: what each channel counts in the loss, `[channels]`; 1, or 0.1 for a
    ///     channel that did not vary
    ///   - initial: the weights to start from
    ///   - progress: called after each update with its number from 1, the number of updates at
    ///     most, the update's training loss, and the newest validation loss
    public func train(
        _ segments: [TrainingSegment],
        validation: [TrainingSegment],
        channelWeights: [Float],
        from initial: Parameters? = nil,
        progress: (_ update: Int, _ of: Int, _ training: Double, _ validation: Double?) -> Void =
            { _, _, _, _ in }
    ) throws(TrainingError) -> TrainingOutcome {
        guard segments.contains(where: { $0.frames >= 2 }) else { throw .noData }
        for segment in segments + validation where segment.channels != blueprint.inputSize {
            throw .unexpectedChannels(expected: blueprint.inputSize, found: segment.channels)
        }
        guard channelWeights.count == blueprint.inputSize else {
            throw .unexpectedChannels(expected: blueprint.inputSize, found: channelWeights.count)
        }
        var run = TrainingRun(
            pass,
            options: options,
            training: Lanes(segments: segments, channelWeights: channelWeights),
            validation: Lanes(segments: validation, channelWeights: channelWeights),
            initial: initial
                ?? Initialisation(seed: options.seed).parameters(for: blueprint)
        )
        return run.run(progress)
    }
}
