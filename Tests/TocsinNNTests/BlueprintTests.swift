import Foundation
import Testing

@testable import TocsinNN

struct BlueprintTests {
    @Test func `tensors have the names and shapes of a PyTorch LSTM`() {
        let blueprint = Blueprint(inputSize: 3, hiddenSize: 5, layers: 2, heads: .forecast)
        // From torch.nn.LSTM(3, 5, 2).named_parameters() and torch.nn.Linear(5, 3).
        #expect(
            blueprint.tensors == [
                TensorShape(name: "encoder.weight_ih_l0", shape: [20, 3]),
                TensorShape(name: "encoder.weight_hh_l0", shape: [20, 5]),
                TensorShape(name: "encoder.bias_ih_l0", shape: [20]),
                TensorShape(name: "encoder.bias_hh_l0", shape: [20]),
                TensorShape(name: "encoder.weight_ih_l1", shape: [20, 5]),
                TensorShape(name: "encoder.weight_hh_l1", shape: [20, 5]),
                TensorShape(name: "encoder.bias_ih_l1", shape: [20]),
                TensorShape(name: "encoder.bias_hh_l1", shape: [20]),
                TensorShape(name: "forecast.weight", shape: [3, 5]),
                TensorShape(name: "forecast.bias", shape: [3]),
            ]
        )
    }

    @Test func `a recurrent decoder reads the code, and the heads read the decoder`() {
        let blueprint = Blueprint(
            inputSize: 4,
            cell: .gru,
            hiddenSize: 6,
            codeSize: 2,
            decoder: .recurrent,
            heads: .reconstruct
        )
        #expect(
            blueprint.tensors.dropFirst(4) == [
                TensorShape(name: "code.weight", shape: [2, 6]),
                TensorShape(name: "code.bias", shape: [2]),
                TensorShape(name: "decoder.weight_ih_l0", shape: [18, 2]),
                TensorShape(name: "decoder.weight_hh_l0", shape: [18, 6]),
                TensorShape(name: "decoder.bias_ih_l0", shape: [18]),
                TensorShape(name: "decoder.bias_hh_l0", shape: [18]),
                TensorShape(name: "reconstruct.weight", shape: [4, 6]),
                TensorShape(name: "reconstruct.bias", shape: [4]),
            ]
        )
    }

    @Test(arguments: [
        (
            Blueprint(inputSize: 0),
            BlueprintError.outOfRange(name: "input size", value: 0, range: 1...4096)
        ),
        (
            Blueprint(inputSize: 1, hiddenSize: 4097),
            .outOfRange(name: "hidden size", value: 4097, range: 1...4096)
        ),
        (
            Blueprint(inputSize: 1, layers: 17),
            .outOfRange(name: "layers", value: 17, range: 1...16)
        ),
        (
            Blueprint(inputSize: 1, codeSize: -1),
            .outOfRange(name: "code size", value: -1, range: 0...4096)
        ),
        (Blueprint(inputSize: 1, heads: []), .noHead),
        (Blueprint(inputSize: 1, codeSize: 1, heads: .forecast), .unreadCode),
    ])
    func `impossible sizes are named`(blueprint: Blueprint, error: BlueprintError) {
        #expect(throws: error) { try blueprint.validate() }
    }

    @Test func `a blueprint survives JSON`() throws {
        let blueprint = Blueprint(inputSize: 3, codeSize: 2, heads: [.reconstruct, .forecast])
        let data = try JSONEncoder().encode(blueprint)
        #expect(String(decoding: data, as: UTF8.self).contains(#"["forecast","reconstruct"]"#))
        #expect(try JSONDecoder().decode(Blueprint.self, from: data) == blueprint)
    }
}
