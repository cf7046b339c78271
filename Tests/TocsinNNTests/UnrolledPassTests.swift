import Testing
import TocsinTestNumbers

@testable import TocsinNN

struct UnrolledPassTests {
    @Test(arguments: Blueprint.every(inputSize: 5, hiddenSize: 21, codeSize: 3))
    func `streaming step by step equals the unrolled pass`(
        blueprint: Blueprint
    ) throws {
        let (lanes, steps) = (7, 5)
        let parameters = Parameters(blueprint, seed: 1, scale: 0.3)
        let autoencoder = try Autoencoder(blueprint: blueprint, parameters: parameters)
        var states = Array(repeating: autoencoder.zeroState(), count: lanes)
        var pass = try UnrolledPass(blueprint: blueprint, lanes: 9, steps: 6)
        pass.load(parameters)
        pass.reset(lanes: lanes)
        // Two chunks, so that the carried state counts.
        for chunk in 0..<2 {
            let inputs = Numbers.symmetric(
                seed: UInt64(chunk),
                count: steps * lanes * 5,
                scale: 2
            )
            pass.forward(inputs, steps: steps)
            for step in 0..<steps {
                for lane in 0..<lanes {
                    let range = (step * lanes + lane) * 5..<(step * lanes + lane + 1) * 5
                    autoencoder.step(Array(inputs[range]), state: &states[lane])
                    // Not bit for bit: the step's weights carry the factors of log₂ e that turn
                    // e^−x into 2^x, and both biases as one sum, so that products and sums are
                    // rounded elsewhere. There are up to 42 of them, of order 1.
                    expectClose(
                        states[lane].forecast,
                        Array(pass.forecast[range]),
                        tolerance: 3e-6
                    )
                    expectClose(
                        states[lane].reconstruction,
                        Array(pass.reconstruction[range]),
                        tolerance: 3e-6
                    )
                }
            }
        }
    }

    @Test(arguments: Blueprint.every(inputSize: 2, hiddenSize: 3, codeSize: 2))
    func `every gradient equals a finite difference`(blueprint: Blueprint) throws {
        let (lanes, steps) = (2, 4)
        let parameters = Parameters(blueprint, seed: 1, scale: 0.7)
        let count = (steps + 1) * lanes * 2
        let inputs = Numbers.symmetric(seed: 2, count: steps * lanes * 2, scale: 2)
        let frames = Numbers.symmetric(seed: 3, count: count, scale: 2)
        // One element in four is missing, and the second channel counts a tenth.
        var numbers = Numbers(seed: 4)
        let weights: [Float] = (0..<count).map { index in
            numbers.uniform() < 0.25 ? 0 : index % 2 == 0 ? 1 : 0.1
        }
        let before = Numbers.symmetric(seed: 5, count: steps * lanes * 2, scale: 2)

        var pass = try UnrolledPass(blueprint: blueprint, lanes: lanes, steps: steps)
        pass.load(parameters)
        pass.forward(before, steps: steps)
        pass.forward(inputs, steps: steps)
        let loss = pass.loss(frames: frames, weights: weights)
        pass.backward(frames: frames, weights: weights, loss: loss)

        // The state that the chunk begins with does not depend on the weights: it is detached.
        var network = DoubleNetwork(blueprint, parameters, lanes: lanes)
        _ = network.run(before, frames: frames, weights: weights, steps: steps)
        var copy = network
        let exact = copy.run(inputs, frames: frames, weights: weights, steps: steps)
        #expect(abs(loss.mean - exact) < 1e-6)
        for tensor in parameters.tensors {
            for index in parameters.range(of: tensor.name) {
                // In double precision: truncation about 1e-8, rounding about 1e-12.
                let difference = 1e-4
                var (up, down) = (network, network)
                up.values[index] += difference
                down.values[index] -= difference
                let expected =
                    (up.run(inputs, frames: frames, weights: weights, steps: steps)
                        - down.run(inputs, frames: frames, weights: weights, steps: steps))
                    / (2 * difference)
                let found = Double(pass.gradients.values[index])
                #expect(
                    abs(found - expected) < 2e-6,
                    "\(tensor.name)[\(index)] is \(found); expected \(expected)"
                )
            }
        }
    }

    @Test func `a chunk in which everything is missing has no loss and no gradient`() throws {
        let blueprint = Blueprint(inputSize: 2, hiddenSize: 3, heads: [.forecast, .reconstruct])
        var pass = try UnrolledPass(blueprint: blueprint, lanes: 1, steps: 2)
        pass.load(Parameters(blueprint, seed: 1, scale: 0.5))
        let nothing = [Float](repeating: 0, count: 6)
        pass.forward(Array(nothing[..<4]), steps: 2)
        let loss = pass.loss(frames: nothing, weights: nothing)
        #expect(loss.mean == 0)
        pass.backward(frames: nothing, weights: nothing, loss: loss)
        #expect(pass.gradients.values.allSatisfy { $0 == 0 })
    }

    @Test(arguments: CellKind.allCases)
    func `groups of lanes that take turns get what they get alone`(kind: CellKind) throws {
        let (steps, size) = (3, 5)
        let blueprint = Blueprint(inputSize: 2, cell: kind, hiddenSize: size, layers: 2)
        let parameters = Parameters(blueprint, seed: 1, scale: 0.5)
        var shared = try UnrolledPass(blueprint: blueprint, lanes: 3, steps: steps)
        shared.load(parameters)
        let groups = [3, 2]
        var alone = Array(repeating: shared, count: groups.count)
        var states = Array(repeating: shared.zeroState(), count: groups.count)
        var gradients = Array(repeating: shared.zeroGradients(), count: groups.count)
        for (group, lanes) in groups.enumerated() { alone[group].reset(lanes: lanes) }
        for chunk in 0..<2 {
            for (group, lanes) in groups.enumerated() {
                let seed = UInt64(2 + chunk * groups.count + group)
                let inputs = Numbers.symmetric(seed: seed, count: steps * lanes * 2, scale: 2)
                let frames = Numbers.symmetric(seed: seed, count: (steps + 1) * lanes * 2, scale: 2)
                let weights = [Float](repeating: 1, count: frames.count)
                func run(_ pass: inout UnrolledPass) {
                    pass.forward(inputs, steps: steps)
                    let loss = pass.loss(frames: frames, weights: weights)
                    pass.backward(frames: frames, weights: weights, loss: loss)
                }
                run(&alone[group])
                shared.resume(states[group], lanes: lanes)
                run(&shared)
                shared.save(to: &states[group])
                #expect(shared.forecast[..<inputs.count] == alone[group].forecast[..<inputs.count])
                shared.swapGradients(&gradients[group])
            }
        }
        var found = Parameters(zeros: blueprint)
        for group in groups.indices {
            shared.unpack(gradients[group], into: &found)
            #expect(found == alone[group].gradients)
        }
        // Added up, and the first group's left as they were before.
        var sum = gradients[0]
        sum.add(gradients[1])
        shared.unpack(sum, into: &found)
        let (first, second) = (alone[0].gradients.values, alone[1].gradients.values)
        #expect(found.values == zip(first, second).map { $0 + $1 })
        shared.unpack(gradients[0], into: &found)
        #expect(found == alone[0].gradients)
    }

    @Test func `after a reset nothing of the chunk before is left`() throws {
        let blueprint = Blueprint(inputSize: 2, cell: .gru, hiddenSize: 3, layers: 2)
        var pass = try UnrolledPass(blueprint: blueprint, lanes: 2, steps: 2)
        pass.load(Parameters(blueprint, seed: 1, scale: 0.5))
        let inputs = Numbers.symmetric(seed: 2, count: 8, scale: 1)
        pass.forward(inputs, steps: 2)
        let first = pass.forecast
        pass.forward(inputs, steps: 2)
        #expect(pass.forecast != first)
        pass.reset(lanes: 2)
        pass.forward(inputs, steps: 2)
        #expect(pass.forecast == first)
    }
}
