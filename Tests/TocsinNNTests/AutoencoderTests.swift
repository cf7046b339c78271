import CAllocationCounter
import Foundation
import Testing
import TocsinTestNumbers

@testable import TocsinNN

struct AutoencoderTests {
    /// What PyTorch made of each network; see `Tests/Fixtures/make_nn_fixtures.py`.
    private struct Fixture: Decodable {
        struct Case: Decodable {
            let blueprint: Blueprint
            let forecast: [Float]
            let reconstruct: [Float]
        }
        let steps: Int
        let every: Int
        let cases: [Case]
    }

    private func fixture() throws -> Fixture {
        let url = try #require(
            Bundle.module.url(
                forResource: "forward",
                withExtension: "json",
                subdirectory: "Fixtures"
            )
        )
        return try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: url))
    }

    @Test(arguments: InstructionSet.supported)
    func `a thousand steps equal PyTorch's, for every network`(set: InstructionSet) throws {
        let fixture = try fixture()
        #expect(
            fixture.cases.map(\.blueprint)
                == Blueprint.every(inputSize: 5, hiddenSize: 20, codeSize: 3)
        )
        let inputs = Numbers.symmetric(seed: 2, count: fixture.steps * 5, scale: 2)
        for expected in fixture.cases {
            let autoencoder = try Autoencoder(
                blueprint: expected.blueprint,
                parameters: Parameters(expected.blueprint, seed: 1, scale: 0.3),
                instructionSet: set
            )
            var state = autoencoder.zeroState()
            var forecast: [Float] = []
            var reconstruct: [Float] = []
            for step in 0..<fixture.steps {
                autoencoder.step(Array(inputs[step * 5..<(step + 1) * 5]), state: &state)
                if (step + 1) % fixture.every == 0 {
                    forecast += state.forecast
                    reconstruct += state.reconstruction
                }
            }
            let comment = Comment(rawValue: "\(expected.blueprint)")
            if !expected.forecast.isEmpty {
                expectClose(forecast, expected.forecast, tolerance: 1e-5, comment)
            }
            if !expected.reconstruct.isEmpty {
                expectClose(reconstruct, expected.reconstruct, tolerance: 1e-5, comment)
            }
        }
    }

    @Test(arguments: Blueprint.every(inputSize: 5, hiddenSize: 20, codeSize: 3))
    func `a step does not allocate`(blueprint: Blueprint) throws {
        let autoencoder = try Autoencoder(
            blueprint: blueprint,
            parameters: Parameters(blueprint, seed: 1, scale: 0.3)
        )
        var state = autoencoder.zeroState()
        let features: [Float] = [1, 2, 3, 4, 5]
        autoencoder.step(features, state: &state)
        let before = allocation_counter_read()
        for _ in 0..<10 {
            autoencoder.step(features, state: &state)
        }
        // Read before `#expect`, which allocates before it looks.
        let after = allocation_counter_read()
        #expect(after == before)
    }

    @Test(.enabled(if: allocation_counter_counts()))
    func `the counter notices an allocation`() {
        let before = allocation_counter_read()
        let array = [Float](repeating: 1, count: 1000)
        #expect(array.count == 1000)
        #expect(allocation_counter_read() > before)
    }

    @Test func `a saved state goes on as if it had never stopped`() throws {
        let blueprint = Blueprint(inputSize: 2, hiddenSize: 9, decoder: .recurrent)
        let autoencoder = try Autoencoder(
            blueprint: blueprint,
            parameters: Parameters(blueprint, seed: 1, scale: 0.3)
        )
        var state = autoencoder.zeroState()
        autoencoder.step([1, -1], state: &state)
        var restored = try #require(
            autoencoder.state(recurrent: state.recurrent, forecast: state.forecast)
        )
        #expect(restored == state)
        autoencoder.step([0.5, 2], state: &state)
        autoencoder.step([0.5, 2], state: &restored)
        #expect(restored == state)
        #expect(autoencoder.state(recurrent: [1], forecast: [0, 0]) == nil)
        let broken = state.recurrent.map { _ in Float.nan }
        #expect(autoencoder.state(recurrent: broken, forecast: [0, 0]) == nil)
    }

    @Test func `the hidden range is the top encoder layer's`() throws {
        let blueprint = Blueprint(
            inputSize: 2,
            hiddenSize: 4,
            layers: 2,
            codeSize: 1,
            decoder: .recurrent
        )
        let autoencoder = try Autoencoder(
            blueprint: blueprint,
            parameters: Parameters(zeros: blueprint)
        )
        // Two encoder layers and the decoder, 4 hidden and 4 memory each.
        #expect(autoencoder.stateSize == 24)
        #expect(autoencoder.hiddenRange == 8..<12)
    }

    @Test func `parameters of another network are refused`() {
        let blueprint = Blueprint(inputSize: 2, hiddenSize: 4)
        let other = Blueprint(inputSize: 2, hiddenSize: 5)
        #expect(
            throws: BlueprintError.unexpectedCount(
                name: "encoder.weight_ih_l0",
                expected: 32,
                found: 40
            )
        ) {
            try Autoencoder(blueprint: blueprint, parameters: Parameters(zeros: other))
        }
    }
}
