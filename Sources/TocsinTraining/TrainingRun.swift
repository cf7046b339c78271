import TocsinCore
import TocsinNN

/// One training, from its first update to its outcome.
struct TrainingRun {
    /// After so many halvings of the step it is not the step.
    private static let mostHalvings = 10

    private let options: TrainingOptions
    private let training: Lanes
    private let validation: Lanes
    private let masks: Bool

    private var loop: TrainingLoop
    private var validator: PartedPass
    private var generator: SeededGenerator
    private var outcome: TrainingOutcome
    /// The share of the learning rate that halvings have left.
    private var stepShare = 1.0
    private var halvings = 0
    private var validationsSinceBest = 0
    private var newestValidation: Double?
    /// Since the last validation.
    private var losses: (sum: Double, count: Int) = (0, 0)
    private var isFinished = false

    init(
        _ pass: PartedPass,
        options: TrainingOptions,
        training: Lanes,
        validation: Lanes,
        initial: Parameters
    ) {
        self.options = options
        self.training = training
        self.validation = validation
        masks = pass.blueprint.heads.contains(.reconstruct)
        loop = TrainingLoop(pass, parameters: initial, clip: options.clip)
        validator = pass
        // Another sequence than the one that the initial weights came from.
        generator = SeededGenerator(seed: options.seed ^ 0x7472_6169_6E69_6E67)
        outcome = TrainingOutcome(parameters: initial)
    }

    mutating func run(_ progress: (Int, Int, Double, Double?) -> Void) -> TrainingOutcome {
        validate()
        while outcome.updates < options.updates, !isFinished {
            let before = outcome.updates
            epoch(progress)
            if outcome.updates == before {
                outcome.notes.append("every value is missing; nothing was learned")
                break
            }
        }
        if !isFinished, losses.count > 0 {
            validate()
        }
        return outcome
    }

    /// Runs once along all lanes, or until training ends.
    private mutating func epoch(_ progress: (Int, Int, Double, Double?) -> Void) {
        let groups = training.groups(
            count: options.lanes,
            minimum: options.minimumLaneLength,
            offset: options.truncation,
            &generator
        )
        for group in groups {
            loop.reset(lanes: group.count)
            var first = 0
            while let chunk = training.chunk(group, from: first, steps: options.truncation) {
                first += chunk.steps
                guard learn(chunk, progress) else { return }
                outcome.longestSequence = max(
                    outcome.longestSequence,
                    group.reduce(0) { max($0, min(first, $1.frames - 1)) }
                )
            }
        }
    }

    /// Makes one update; `false` if the epoch is over.
    private mutating func learn(
        _ chunk: TrainingChunk,
        _ progress: (Int, Int, Double, Double?) -> Void
    ) -> Bool {
        guard chunk.weights.contains(where: { $0 > 0 }) else {
            loop.skip(chunk)
            return true
        }
        var chunk = chunk
        if masks {
            chunk.mask(share: options.maskedShare, &generator)
        }
        let update = outcome.updates
        let (loss, _) = loop.update(
            chunk,
            learningRate: options.learningRate(at: update) * stepShare
        )
        outcome.updates = update + 1
        progress(update + 1, options.updates, loss, newestValidation)
        guard loss.isFinite else {
            halve()
            return false
        }
        losses = (losses.sum + loss, losses.count + 1)
        if outcome.updates % options.validationInterval == 0 {
            validate()
        }
        return outcome.updates < options.updates && !isFinished
    }

    /// Goes back to the best weights with half the step.
    private mutating func halve() {
        stepShare /= 2
        halvings += 1
        losses = (0, 0)
        loop.restart(from: outcome.parameters)
        let rate = options.learningRate * stepShare
        outcome.notes.append(
            "the loss was not finite at update \(outcome.updates); went on from the best weights "
                + "with half the step, \(rate)"
        )
        if halvings == Self.mostHalvings {
            outcome.notes.append("the loss was not finite \(halvings) times; training ended")
            isFinished = true
        }
    }
}

/// Validation and early stopping.
extension TrainingRun {
    /// Judges the weights as they are now, and keeps them if they are the best so far.
    private mutating func validate() {
        let trainingLoss = losses.count > 0 ? losses.sum / Double(losses.count) : nil
        losses = (0, 0)
        guard let loss = validationLoss() else {
            // Nothing to judge them by: the last weights that are sound are the best.
            if loop.parameters.values.allSatisfy(\.isFinite) {
                outcome.parameters = loop.parameters
            }
            return
        }
        newestValidation = loss
        outcome.history.append(
            TrainingOutcome.Validation(
                update: outcome.updates,
                trainingLoss: trainingLoss,
                validationLoss: loss
            )
        )
        if loss.isFinite, outcome.validationLoss.map({ loss < $0 }) ?? true {
            outcome.validationLoss = loss
            outcome.parameters = loop.parameters
            validationsSinceBest = 0
        } else {
            validationsSinceBest += 1
            isFinished = validationsSinceBest >= options.patience
        }
    }

    /// The loss on the validation segments, each streamed from a state of 0; `nil` without any.
    private mutating func validationLoss() -> Double? {
        var sums = LossSums()
        validator.load(loop.parameters)
        for group in validation.whole(count: options.lanes) {
            validator.reset(lanes: group.count)
            var first = 0
            while let chunk = validation.chunk(group, from: first, steps: options.truncation) {
                first += chunk.steps
                sums += validator.forward(chunk)
            }
        }
        let counted = sums.forecastWeight + sums.reconstructWeight
        return counted > 0 ? sums.mean : nil
    }
}
