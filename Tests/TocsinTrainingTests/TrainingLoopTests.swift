import Foundation
import Testing
import TocsinTestNumbers
import TocsinCore
import TocsinNN
import TocsinTraining

struct TrainingLoopTests {
    /// What PyTorch made of it; see `Tests/Fixtures/make_nn_fixtures.py`.
    private struct Fixture: Decodable {
        struct Case: Decodable {
            let blueprint: Blueprint
            let losses: [Double]
            let norms: [Double]
            let weights: [Float]
        }
        let clip: Double
        let lanes: Int
        let steps: Int
        let chunks: Int
        let updates: Int
        let cases: [Case]
    }

    private func fixture() throws -> Fixture {
        let url = try #require(
            Bundle.module.url(
                forResource: "training",
                withExtension: "json",
                subdirectory: "Fixtures"
            )
        )
        return try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: url))
    }

    /// The chunks of the script's `training()`, made from the same formulae.
    private func chunks(_ fixture: Fixture) -> [TrainingChunk] {
        let channels = 4
        let row = fixture.lanes * channels
        let count = (fixture.steps * fixture.chunks + 1) * row
        var noise = SeededGenerator(seed: 4)
        var presence = SeededGenerator(seed: 5)
        var mask = SeededGenerator(seed: 6)
        var frames: [Float] = []
        var inputs: [Float] = []
        var weights: [Float] = []
        for index in 0..<count {
            let (t, b, c) = (index / row, index / channels % fixture.lanes, index % channels)
            let value = sin(0.3 * Double(t) * Double(c + 1) + Double(b)) + 0.2 * noise.uniform()
            let present = presence.uniform() >= 0.1
            frames.append(present ? Float(value) : 0)
            inputs.append(mask.uniform() < 0.2 ? 0 : frames[index])
            weights.append(present ? (c == 3 ? 0.1 : 1) : 0)
        }
        return (0..<fixture.chunks).map { chunk in
            let start = chunk * fixture.steps * row
            let end = start + fixture.steps * row
            return TrainingChunk(
                steps: fixture.steps,
                inputs: Array(inputs[start..<end]),
                frames: Array(frames[start..<end + row]),
                weights: Array(weights[start..<end + row])
            )
        }
    }

    @Test func `fifty updates equal PyTorch's, loss by loss and weight by weight`() throws {
        let fixture = try fixture()
        let chunks = chunks(fixture)
        #expect(fixture.cases.count == 4)
        for expected in fixture.cases {
            var weights = SeededGenerator(seed: 3)
            var parameters = Parameters(zeros: expected.blueprint)
            for index in parameters.values.indices {
                parameters.values[index] = Float((2 * weights.uniform() - 1) * 0.3)
            }
            var loop = try TrainingLoop(
                blueprint: expected.blueprint,
                parameters: parameters,
                lanes: fixture.lanes,
                steps: fixture.steps,
                clip: fixture.clip
            )
            var losses: [Double] = []
            var norms: [Double] = []
            for update in 0..<fixture.updates {
                if update % fixture.chunks == 0 {
                    loop.reset(lanes: fixture.lanes)
                }
                let result = loop.update(chunks[update % fixture.chunks], learningRate: 3e-3)
                losses.append(result.loss)
                norms.append(result.norm)
            }
            let comment = Comment(rawValue: "\(expected.blueprint)")
            // PyTorch sums in another order, and in `Float` where the loss here is `Double`. A
            // weight moves by up to 50 × 0.003, and Adam divides by the gradient's size, so that
            // rounding in a tiny gradient shows: about 1e-5 was seen.
            expectClose(losses, expected.losses, tolerance: 1e-6, comment)
            expectClose(norms, expected.norms, tolerance: 5e-6, comment)
            expectClose(loop.parameters.values, expected.weights, tolerance: 5e-5, comment)
        }
    }

    @Test func `the number of threads makes no difference, not in one bit`() throws {
        // Three parts: sixteen, sixteen and three lanes.
        let (lanes, steps) = (35, 5)
        let blueprint = Blueprint(inputSize: 2, cell: .lstm, hiddenSize: 5, layers: 2)
        let initial = Initialisation(seed: 1).parameters(for: blueprint)
        var results: [Parameters] = []
        for threads in 1...4 {
            var loop = try TrainingLoop(
                blueprint: blueprint,
                parameters: initial,
                lanes: lanes,
                steps: steps,
                clip: 1,
                threads: threads
            )
            loop.reset(lanes: lanes)
            for update in 0..<20 {
                let chunk = randomChunk(seed: UInt64(update), lanes: lanes, steps: steps)
                _ = loop.update(chunk, learningRate: 1e-2)
            }
            results.append(loop.parameters)
        }
        #expect(results[0] != initial)
        #expect(results.allSatisfy { $0 == results[0] })
    }

    @Test func `lanes learn the same in parts as in one pass`() throws {
        let (lanes, steps) = (35, 4)
        let blueprint = Blueprint(inputSize: 2, cell: .gru, hiddenSize: 5)
        let initial = Initialisation(seed: 1).parameters(for: blueprint)
        let chunk = randomChunk(seed: 2, lanes: lanes, steps: steps)
        var pass = try UnrolledPass(blueprint: blueprint, lanes: lanes, steps: steps)
        pass.load(initial)
        pass.forward(chunk.inputs, steps: steps)
        let loss = pass.loss(frames: chunk.frames, weights: chunk.weights)
        pass.backward(frames: chunk.frames, weights: chunk.weights, loss: loss)
        var loop = try TrainingLoop(
            blueprint: blueprint,
            parameters: initial,
            lanes: lanes,
            steps: steps,
            clip: .infinity,
            threads: 2
        )
        loop.reset(lanes: lanes)
        let found = loop.update(chunk, learningRate: 1e-3)
        // Sums in another order: of doubles, and of gradients in single precision.
        #expect(abs(found.loss - loss.mean) < 1e-12)
        #expect(abs(found.norm - pass.gradients.norm) < 1e-6)
    }

    private func randomChunk(seed: UInt64, lanes: Int, steps: Int) -> TrainingChunk {
        var random = SeededGenerator(seed: seed)
        let count = (steps + 1) * lanes * 2
        let frames = (0..<count).map { _ in Float(random.uniform()) }
        let weights = (0..<count).map { _ in Float(random.uniform()) }
        return TrainingChunk(
            steps: steps,
            inputs: Array(frames[..<(steps * lanes * 2)]),
            frames: frames,
            weights: weights
        )
    }

    @Test func `a loss that is not finite leaves the weights alone`() throws {
        let blueprint = Blueprint(inputSize: 1, cell: .rnn, hiddenSize: 2)
        let initial = Initialisation(seed: 1).parameters(for: blueprint)
        var loop = try TrainingLoop(
            blueprint: blueprint,
            parameters: initial,
            lanes: 1,
            steps: 1,
            clip: 1
        )
        let chunk = TrainingChunk(steps: 1, inputs: [0], frames: [0, .nan], weights: [1, 1])
        #expect(!loop.update(chunk, learningRate: 1).loss.isFinite)
        #expect(loop.parameters == initial)
    }
}
