import Glibc

/// How to train.
public struct TrainingOptions: Sendable, Equatable {
    /// Everything random follows from it.
    public var seed: UInt64 = 1
    /// The number of updates.
    public var updates = 400
    /// How many steps gradients go back.
    public var truncation = 32
    /// How many stretches are trained at once, at most.
    public var lanes = 32
    /// How many threads share the work; without a number one for each processor.
    ///
    /// The results do not depend on it.
    public var threads: Int?
    /// The shortest lane, in frames, as long as there is that much data.
    public var minimumLaneLength = 64
    /// Adam's, at the first update.
    public var learningRate = 3e-3
    /// What is left of the learning rate at the last update, as a fraction.
    public var finalLearningRate = 0.05
    /// The largest norm of the gradients.
    public var clip = 1.0
    /// The share of a sample's channels that the encoder does not see, if it is to reconstruct.
    public var maskedShare = 0.2
    /// Validation happens every so many updates.
    public var validationInterval = 25
    /// Training ends after so many validations without a better one.
    public var patience = 8

    /// The defaults.
    public init() {}
}

extension TrainingOptions {
    /// The learning rate of an update, counted from 0: a half cosine down to the final one.
    ///
    /// Source: Loshchilov and Hutter 2017, arXiv:1608.03983, equation 5, without restarts.
    public func learningRate(at update: Int) -> Double {
        let share = Double(update) / Double(max(updates - 1, 1))
        let cosine = 0.5 * (1 + cos(share * .pi))
        return learningRate * (finalLearningRate + (1 - finalLearningRate) * cosine)
    }
}
