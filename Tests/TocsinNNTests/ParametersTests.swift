import Testing

@testable import TocsinNN

struct ParametersTests {
    let blueprint = Blueprint(inputSize: 2, cell: .rnn, hiddenSize: 3)

    private func tensors() -> [String: [Float]] {
        let parameters = Parameters(blueprint, seed: 1, scale: 1)
        return Dictionary(
            uniqueKeysWithValues: parameters.tensors.map { ($0.name, parameters[$0.name]) }
        )
    }

    @Test func `tensors by name come back as they were given`() throws {
        let parameters = try Parameters(blueprint: blueprint, tensors: tensors())
        #expect(parameters == Parameters(blueprint, seed: 1, scale: 1))
        #expect(parameters.range(of: "encoder.weight_hh_l0") == 6..<15)
    }

    @Test func `a missing, an unknown, a misshapen and a broken tensor are named`() {
        var missing = tensors()
        missing["forecast.bias"] = nil
        #expect(throws: BlueprintError.missingTensor("forecast.bias")) {
            try Parameters(blueprint: blueprint, tensors: missing)
        }
        var unknown = tensors()
        unknown["encoder.weight_ih_l1"] = [1]
        #expect(throws: BlueprintError.unknownTensor("encoder.weight_ih_l1")) {
            try Parameters(blueprint: blueprint, tensors: unknown)
        }
        var misshapen = tensors()
        misshapen["forecast.bias"] = [1]
        #expect(
            throws: BlueprintError.unexpectedCount(name: "forecast.bias", expected: 2, found: 1)
        ) {
            try Parameters(blueprint: blueprint, tensors: misshapen)
        }
        var broken = tensors()
        broken["forecast.bias"] = [1, .nan]
        #expect(throws: BlueprintError.notFinite("forecast.bias")) {
            try Parameters(blueprint: blueprint, tensors: broken)
        }
    }
}
