import Foundation
import Testing
import TocsinCore
import TocsinNN
import TocsinTraining

struct TrainerTests {
    /// Two phase-shifted sines, as noise-free as they come; a forecast of 0 has a loss of 0.5.
    private func sines(_ frames: Int, from start: Int = 0) -> TrainingSegment {
        let features = (start..<start + frames).flatMap { t in
            [Float(sin(0.2 * Double(t))), Float(cos(0.2 * Double(t)))]
        }
        return TrainingSegment(
            channels: 2,
            features: features,
            present: Array(repeating: true, count: features.count)
        )
    }

    private func options(updates: Int) -> TrainingOptions {
        var options = TrainingOptions()
        options.updates = updates
        options.learningRate = 1e-2
        return options
    }

    @Test(arguments: CellKind.allCases)
    func `a sine is learned`(cell: CellKind) throws {
        let trainer = try Trainer(
            blueprint: Blueprint(
                inputSize: 2,
                cell: cell,
                hiddenSize: 12,
                codeSize: 1,
                heads: [.forecast, .reconstruct]
            ),
            options: options(updates: 150)
        )
        let outcome = try trainer.train(
            [sines(1000)],
            validation: [sines(150, from: 1000)],
            channelWeights: [1, 1]
        )
        let last = try #require(outcome.validationLoss)
        let first = try #require(outcome.history.first?.validationLoss)
        #expect(first > 0.5)
        // A code of 1 and a linear head can give back one of a circle's two directions: the
        // reconstruction's best is 0.25 (principal components), the forecast's is 0.
        #expect(last > 0.24 && last < 0.3)
        #expect(outcome.updates == 150)
        #expect(outcome.history.count == 7)
        #expect(outcome.notes.isEmpty)
        // 1000 frames make lanes of at least 64.
        #expect((60...70).contains(outcome.longestSequence))
    }

    @Test func `the same seed and data give the same bytes`() throws {
        let blueprint = Blueprint(inputSize: 2, hiddenSize: 6, heads: [.forecast, .reconstruct])
        func outcome(seed: UInt64) throws -> TrainingOutcome {
            var options = options(updates: 30)
            options.seed = seed
            return try Trainer(blueprint: blueprint, options: options)
                .train([sines(300)], validation: [sines(100)], channelWeights: [1, 1])
        }
        let one = try outcome(seed: 1)
        let again = try outcome(seed: 1)
        let other = try outcome(seed: 2)
        #expect(one.parameters == again.parameters)
        #expect(one.history == again.history)
        #expect(one.parameters != other.parameters)
    }

    @Test func `inputs are masked only if there is something to reconstruct`() throws {
        func parameters(_ heads: Heads, masked: Double) throws -> Parameters {
            var options = options(updates: 3)
            options.maskedShare = masked
            let blueprint = Blueprint(inputSize: 2, cell: .rnn, hiddenSize: 4, heads: heads)
            return try Trainer(blueprint: blueprint, options: options)
                .train([sines(300)], validation: [], channelWeights: [1, 1])
                .parameters
        }
        for heads: Heads in [.forecast, .reconstruct, [.forecast, .reconstruct]] {
            let clean = try parameters(heads, masked: 0)
            let masked = try parameters(heads, masked: 0.5)
            #expect((clean == masked) == (heads == .forecast))
        }
    }

    @Test func `training ends when validation no longer gets better`() throws {
        var options = options(updates: 400)
        options.validationInterval = 5
        options.patience = 3
        // What is good for the sine is bad for its negative.
        let sines = sines(200)
        let negative = TrainingSegment(
            channels: 2,
            features: sines.features.map { $0 > 0 ? -3 : 3 },
            present: sines.present
        )
        let trainer = try Trainer(
            blueprint: Blueprint(inputSize: 2, hiddenSize: 6),
            options: options
        )
        let outcome = try trainer.train(
            [sines],
            validation: [negative],
            channelWeights: [1, 1]
        )
        #expect(outcome.updates < 400)
        let best = outcome.history.map(\.validationLoss).min()
        #expect(outcome.validationLoss == best)
        #expect(outcome.history.suffix(3).allSatisfy { $0.validationLoss >= (best ?? 0) })
    }

    @Test func `a loss that is not finite halves the step and is told`() throws {
        var options = options(updates: 40)
        options.learningRate = 1e20
        let trainer = try Trainer(
            blueprint: Blueprint(inputSize: 2, cell: .rnn, hiddenSize: 4),
            options: options
        )
        let outcome = try trainer.train(
            [sines(300)],
            validation: [sines(100)],
            channelWeights: [1, 1]
        )
        #expect(outcome.notes.first?.contains("half the step, 5e+19") == true)
        // From the best weights a smaller step soon stays finite, and training runs to its end.
        #expect(outcome.notes.count < 10)
        #expect(outcome.updates == 40)
        #expect(outcome.parameters.values.allSatisfy { $0.isFinite })
        #expect(outcome.validationLoss?.isFinite == true)
    }

    @Test func `progress is told after every update`() throws {
        let trainer = try Trainer(
            blueprint: Blueprint(inputSize: 2, cell: .rnn, hiddenSize: 4),
            options: options(updates: 30)
        )
        var updates: [Int] = []
        _ = try trainer.train(
            [sines(300)],
            validation: [sines(100)],
            channelWeights: [1, 1]
        ) { update, total, training, validation in
            updates.append(update)
            #expect(total == 30)
            #expect(training > 0)
            #expect(validation != nil)
        }
        #expect(updates == Array(1...30))
    }

    @Test func `without validation the last weights are kept`() throws {
        let trainer = try Trainer(
            blueprint: Blueprint(inputSize: 2, cell: .gru, hiddenSize: 6),
            options: options(updates: 60)
        )
        let outcome = try trainer.train([sines(300)], validation: [], channelWeights: [1, 1])
        #expect(outcome.validationLoss == nil)
        #expect(outcome.history.isEmpty)
        #expect(outcome.updates == 60)
        #expect(
            outcome.parameters != Initialisation(seed: 1).parameters(for: trainer.blueprint)
        )
    }

    @Test func `data that cannot be trained on are refused, or told`() throws {
        let trainer = try Trainer(blueprint: Blueprint(inputSize: 2, hiddenSize: 4))
        #expect(throws: TrainingError.noData) {
            try trainer.train([sines(1)], validation: [], channelWeights: [1, 1])
        }
        let other = TrainingSegment(
            channels: 1,
            features: [1, 2],
            present: [true, true]
        )
        #expect(throws: TrainingError.unexpectedChannels(expected: 2, found: 1)) {
            try trainer.train([sines(9)], validation: [other], channelWeights: [1, 1])
        }
        let missing = TrainingSegment(
            channels: 2,
            features: Array(repeating: 0, count: 40),
            present: Array(repeating: false, count: 40)
        )
        let outcome = try trainer.train([missing], validation: [], channelWeights: [1, 1])
        #expect(outcome.updates == 0)
        #expect(outcome.notes == ["every value is missing; nothing was learned"])
    }
}
