import CAllocationCounter
import Testing
import TocsinTestNumbers

@testable import TocsinNN

struct StateArenaTests {
    /// A network to step, in one form of the kernels.
    struct Case: Sendable, CustomTestStringConvertible {
        let set: InstructionSet
        let blueprint: Blueprint

        var testDescription: String {
            "\(set) \(blueprint.cell) \(blueprint.layers) × \(blueprint.hiddenSize)"
        }

        /// Every form that this machine has, cell, and number of layers; one unit, less than a
        /// vector, several blocks of each width with a short last one, and several full ones.
        static let every: [Case] = InstructionSet.supported.flatMap { set in
            CellKind.allCases.flatMap { cell in
                [1, 2].flatMap { layers in
                    [1, 3, 21, 37, 64, 131].map { size in
                        Case(
                            set: set,
                            blueprint: Blueprint(
                                inputSize: size % 5 + 1,
                                cell: cell,
                                hiddenSize: size,
                                layers: layers,
                                codeSize: size % 2 * 5,
                                decoder: size > 20 ? .recurrent : .linear,
                                heads: [.forecast, .reconstruct]
                            )
                        )
                    }
                }
            }
        }

        func network() throws -> Autoencoder {
            try Autoencoder(
                blueprint: blueprint,
                parameters: Parameters(blueprint, seed: 1, scale: 0.3),
                instructionSet: set
            )
        }
    }

    @Test(arguments: Case.every)
    func `a device's bits do not depend on its company`(test: Case) throws {
        let network = try test.network()
        let size = test.blueprint.inputSize
        // Each number of devices up to more than fit into registers, a whole tile, and more than two tiles.
        for devices in Array(1...25) + [53] {
            var arena = network.arena()
            var states = Array(repeating: network.zeroState(), count: devices)
            for state in states { _ = arena.append(state) }
            // Not in the order in which they lie.
            let indices = (0..<devices).map { ($0 * 29 + 3) % devices }
            for step in 0..<3 {
                let features = Numbers.symmetric(
                    seed: UInt64(step),
                    count: devices * size,
                    scale: 2
                )
                network.step(features, devices: indices, in: &arena)
                for (row, device) in indices.enumerated() {
                    let sample = Array(features[row * size..<(row + 1) * size])
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

    private func bits(_ values: [Float]) -> [UInt32] {
        values.map(\.bitPattern)
    }

    @Test(arguments: InstructionSet.supported, CellKind.allCases)
    func `every form of the kernels equals the plain cell`(
        set: InstructionSet,
        kind: CellKind
    ) throws {
        // One unit, one vector of 8 less one, one full, short last vectors, and several full ones.
        for size in [1, 7, 8, 37, 64] {
            let blueprint = Blueprint(inputSize: 3, cell: kind, hiddenSize: size)
            let scale = min(0.3, 1 / Double(size).squareRoot())
            let parameters = Parameters(blueprint, seed: 1, scale: scale)
            let cell = kind.plainCell(inputSize: 3, hiddenSize: size, parameters: parameters)
            let network = try Autoencoder(
                blueprint: blueprint,
                parameters: parameters,
                instructionSet: set
            )
            let inputs = Numbers.symmetric(seed: 2, count: 300, scale: 3)
            var plain = RecurrentState(zeros: size)
            var state = network.zeroState()
            for step in 0..<100 {
                let input = Array(inputs[step * 3..<(step + 1) * 3])
                cell.step(input, state: &plain)
                network.step(input, state: &state)
            }
            // The gates' own error is 1.4e-7; the state forgets it as fast as it makes it.
            expectClose(Array(state.recurrent[..<size]), plain.hidden, tolerance: 3e-6)
            let weights = parameters["forecast.weight"]
            var forecast = parameters["forecast.bias"]
            for row in 0..<3 {
                for unit in 0..<size {
                    forecast[row] += weights[row * size + unit] * plain.hidden[unit]
                }
            }
            expectClose(state.forecast, forecast, tolerance: 3e-6)
        }
    }

    @Test(arguments: InstructionSet.supported, CellKind.allCases)
    func `gates that are driven to their ends stay there`(
        set: InstructionSet,
        kind: CellKind
    ) throws {
        let blueprint = Blueprint(inputSize: 1, cell: kind, hiddenSize: 9)
        var parameters = Parameters(zeros: blueprint)
        parameters.values = parameters.values.map { _ in 1 }
        let network = try Autoencoder(
            blueprint: blueprint,
            parameters: parameters,
            instructionSet: set
        )
        for input in [Float(1e30), -1e30, 300, -300] {
            var state = network.zeroState()
            network.step([input], state: &state)
            for hidden in state.recurrent[..<9] {
                // LSTM: i = o = 1 and c = 1, or all closed; GRU: z = 1 keeps 0, z = 0 takes n = −1.
                let expected: Float =
                    switch kind {
                    case .lstm: input > 0 ? 0.7615942 : 0
                    case .gru: input > 0 ? 0 : -1
                    case .rnn: input > 0 ? 1 : -1
                    }
                #expect(abs(hidden - expected) < 1e-6)
            }
        }
    }

    @Test(arguments: InstructionSet.supported, CellKind.allCases)
    func `without weights a state stays at 0 exactly`(set: InstructionSet, kind: CellKind) throws {
        let blueprint = Blueprint(inputSize: 2, cell: kind, hiddenSize: 21, layers: 2)
        let network = try Autoencoder(
            blueprint: blueprint,
            parameters: Parameters(zeros: blueprint),
            instructionSet: set
        )
        var arena = network.arena()
        for _ in 0..<5 { _ = arena.append(network.zeroState()) }
        let features = [Float](repeating: 3, count: 10)
        for _ in 0..<3 { network.step(features, devices: Array(0..<5), in: &arena) }
        // tanh(0) is 0: an error here would be one of every step, always to the same side.
        #expect(arena.values.allSatisfy { $0 == 0 })
    }

    @Test func `an arena that grows keeps every device's state`() throws {
        let large = try #require(Case.every.last { $0.set == .generic })
        let network = try large.network()
        var (arena, states) = (network.arena(), [network.zeroState()])
        // Through several sizes, the last of them in large pages.
        let devices = 3 * LargePages.pageSize / (4 * arena.layout.stride)
        for device in 0..<devices {
            var state = states[0]
            state.recurrent[0] = Float(device)
            states.append(state)
            #expect(arena.append(state) == device)
        }
        #expect((0..<devices).allSatisfy { arena[$0] == states[$0 + 1] })
    }

    @Test func `a device that occurs twice takes both steps, in order`() throws {
        let test = Case.every[0]
        let network = try test.network()
        var arena = network.arena()
        var state = network.zeroState()
        for _ in 0..<3 { _ = arena.append(state) }
        network.step([1, 2, 3, 4].flatMap { [Float($0), 0] }, devices: [1, 0, 1, 2], in: &arena)
        network.step([1, 0], state: &state)
        network.step([3, 0], state: &state)
        #expect(arena[1] == state)
    }

    @Test func `devices that are not named keep their state`() throws {
        let network = try Case.every[1].network()
        let size = network.blueprint.inputSize
        var arena = network.arena()
        var state = network.zeroState()
        network.step(Array(repeating: 1, count: size), state: &state)
        for _ in 0..<3 { _ = arena.append(state) }
        network.step(Array(repeating: 2, count: size), devices: [1], in: &arena)
        #expect(arena[0] == state)
        #expect(arena[1] != state)
        #expect(arena[2] == state)
        #expect(Array(arena.values[arena.forecastRange(of: 2)]) == state.forecast)
        #expect(Array(arena.values[arena.reconstructionRange(of: 2)]) == state.reconstruction)
        arena[1] = state
        #expect(arena[1] == state)
    }

    @Test(arguments: Case.every)
    func `a step of several does not allocate`(test: Case) throws {
        let network = try test.network()
        var arena = network.arena()
        let devices = Array(0..<9)
        for _ in devices { _ = arena.append(network.zeroState()) }
        let features = [Float](repeating: 1, count: 9 * test.blueprint.inputSize)
        network.step(features, devices: devices, in: &arena)
        let before = allocation_counter_read()
        network.step(features, devices: devices, in: &arena)
        let after = allocation_counter_read()
        #expect(after == before)
    }
}
