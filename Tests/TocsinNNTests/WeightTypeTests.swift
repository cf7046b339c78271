import CAllocationCounter
import Testing
import TocsinTestNumbers

@testable import TocsinNN

struct WeightTypeTests {
    private static let sizes = [1, 7, 8, 37, 64]

    private func network(
        _ set: InstructionSet,
        _ kind: CellKind,
        _ size: Int,
        _ weights: WeightType,
        parameters: Parameters? = nil
    ) throws -> Autoencoder {
        let blueprint = Blueprint(
            inputSize: 3,
            cell: kind,
            hiddenSize: size,
            layers: 2,
            codeSize: size % 2 * 5,
            decoder: .recurrent,
            heads: [.forecast, .reconstruct]
        )
        let scale = min(0.3, 1 / Double(size).squareRoot())
        return try Autoencoder(
            blueprint: blueprint,
            parameters: parameters ?? Parameters(blueprint, seed: 1, scale: scale),
            instructionSet: set,
            weights: weights
        )
    }

    @Test(arguments: InstructionSet.supported, CellKind.allCases)
    func `half weights give what the same numbers in 32 bits give`(
        set: InstructionSet,
        kind: CellKind
    ) throws {
        for size in Self.sizes {
            let half = try network(set, kind, size, .half)
            let single = try network(set, kind, size, .single, parameters: half.parameters)
            var (found, expected) = (half.zeroState(), single.zeroState())
            let inputs = Numbers.symmetric(seed: 2, count: 300, scale: 3)
            for step in 0..<100 {
                let input = Array(inputs[step * 3..<(step + 1) * 3])
                half.step(input, state: &found)
                single.step(input, state: &expected)
            }
            // The gates' own error: the factors of the sums are rounded at another place.
            expectClose(found.recurrent, expected.recurrent, tolerance: 3e-6)
            expectClose(found.forecast, expected.forecast, tolerance: 3e-6)
            expectClose(found.reconstruction, expected.reconstruction, tolerance: 3e-6)
        }
    }

    @Test(arguments: InstructionSet.supported)
    func `every finite half becomes exactly the number that it is`(set: InstructionSet) throws {
        // tanh(20) is 1 as a float, and the head multiplies it by its weights.
        let blueprint = Blueprint(inputSize: 4096, cell: .rnn, hiddenSize: 1)
        let halves = (0..<UInt16(0x7C00)).flatMap { [$0, $0 | 0x8000] }
        #expect(Float16(bitPattern: 0x7C00) == .infinity)
        for first in stride(from: 0, to: halves.count, by: 4096) {
            let values = (first..<first + 4096).map { index in
                Float(Float16(bitPattern: halves[index % halves.count]))
            }
            var parameters = Parameters(zeros: blueprint)
            parameters["encoder.bias_ih_l0"] = [20]
            parameters["forecast.weight"] = values
            let network = try Autoencoder(
                blueprint: blueprint,
                parameters: parameters,
                instructionSet: set,
                weights: .half
            )
            var state = network.zeroState()
            network.step(Array(repeating: 0, count: 4096), state: &state)
            #expect(state.forecast == values)
        }
    }

    @Test(arguments: InstructionSet.supported, CellKind.allCases)
    func `with half weights a device's bits do not depend on its company`(
        set: InstructionSet,
        kind: CellKind
    ) throws {
        for size in Self.sizes {
            let network = try network(set, kind, size, .half)
            for devices in Array(1...25) + [53] {
                var arena = network.arena()
                var states = Array(repeating: network.zeroState(), count: devices)
                for state in states { _ = arena.append(state) }
                for step in 0..<3 {
                    let features = Numbers.symmetric(
                        seed: UInt64(step),
                        count: devices * 3,
                        scale: 2
                    )
                    network.step(features, devices: Array(0..<devices), in: &arena)
                    for device in 0..<devices {
                        let sample = Array(features[device * 3..<(device + 1) * 3])
                        network.step(sample, state: &states[device])
                    }
                }
                for device in 0..<devices {
                    let found = arena[device]
                    let expected = states[device]
                    #expect(bits(found.recurrent) == bits(expected.recurrent))
                    #expect(bits(found.forecast) == bits(expected.forecast))
                    #expect(bits(found.reconstruction) == bits(expected.reconstruction))
                }
            }
        }
    }

    private func bits(_ values: [Float]) -> [UInt32] {
        values.map(\.bitPattern)
    }

    @Test func `the parameters are rounded once, to the nearest half`() throws {
        let half = try network(.preferred, .lstm, 8, .half)
        let single = try network(.preferred, .lstm, 8, .single)
        #expect(half.parameters.values == single.parameters.values.map { Float(Float16($0)) })
        #expect(half.parameters != single.parameters)
        let again = try network(.preferred, .lstm, 8, .half, parameters: half.parameters)
        #expect(again == half)
        // The same numbers, but other bits of the results.
        let wide = try network(.preferred, .lstm, 8, .single, parameters: half.parameters)
        #expect(wide != half)
    }

    @Test func `a weight that is too large for a half is refused`() throws {
        let blueprint = Blueprint(inputSize: 1, cell: .gru, hiddenSize: 2)
        var parameters = Parameters(zeros: blueprint)
        parameters["forecast.weight"] = [65_519, -65_519]
        #expect(
            try Autoencoder(blueprint: blueprint, parameters: parameters, weights: .half)
                .parameters["forecast.weight"] == [65_504, -65_504]
        )
        parameters["forecast.weight"] = [65_520, 0]
        #expect(throws: BlueprintError.notFinite("forecast.weight")) {
            try Autoencoder(blueprint: blueprint, parameters: parameters, weights: .half)
        }
    }

    @Test(arguments: InstructionSet.supported, CellKind.allCases)
    func `a step with half weights does not allocate`(set: InstructionSet, kind: CellKind) throws {
        let network = try network(set, kind, 37, .half)
        var (arena, state) = (network.arena(), network.zeroState())
        let devices = Array(0..<9)
        for _ in devices { _ = arena.append(state) }
        let features = [Float](repeating: 1, count: 27)
        let sample: [Float] = [1, 1, 1]
        network.step(features, devices: devices, in: &arena)
        network.step(sample, state: &state)
        let before = allocation_counter_read()
        network.step(features, devices: devices, in: &arena)
        network.step(sample, state: &state)
        let after = allocation_counter_read()
        #expect(after == before)
    }
}
