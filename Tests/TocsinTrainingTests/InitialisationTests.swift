import Testing
import TocsinNN
import TocsinTraining

struct InitialisationTests {
    let blueprint = Blueprint(
        inputSize: 3,
        hiddenSize: 8,
        codeSize: 2,
        decoder: .recurrent,
        heads: [.forecast, .reconstruct]
    )

    @Test func `recurrent weights are orthogonal gate by gate`() {
        let parameters = Initialisation(seed: 1).parameters(for: blueprint)
        for name in ["encoder.weight_hh_l0", "decoder.weight_hh_l0"] {
            let weights = parameters[name]
            for gate in 0..<4 {
                for a in 0..<8 {
                    for b in 0..<8 {
                        let product = (0..<8).reduce(Float(0)) { sum, column in
                            sum + weights[(gate * 8 + a) * 8 + column]
                                * weights[(gate * 8 + b) * 8 + column]
                        }
                        #expect(abs(product - (a == b ? 1 : 0)) < 1e-6)
                    }
                }
            }
        }
    }

    @Test func `other weights fill their Xavier bounds, and no more`() {
        let parameters = Initialisation(seed: 1).parameters(for: blueprint)
        for (name, sum) in [
            ("encoder.weight_ih_l0", 35), ("code.weight", 10), ("forecast.weight", 11),
        ] {
            let bound = (6 / Float(sum)).squareRoot()
            let largest = parameters[name].map(abs).max() ?? 0
            #expect(largest <= bound && largest > 0.7 * bound, "\(name)")
        }
    }

    @Test func `only an LSTM's forget gate has a bias, and it is 1 once`() {
        let parameters = Initialisation(seed: 1).parameters(for: blueprint)
        let zeros = [Float](repeating: 0, count: 8)
        let ones = [Float](repeating: 1, count: 8)
        #expect(parameters["encoder.bias_ih_l0"] == zeros + ones + zeros + zeros)
        #expect(parameters["encoder.bias_hh_l0"].allSatisfy { $0 == 0 })
        #expect(parameters["forecast.bias"].allSatisfy { $0 == 0 })
        let gru = Blueprint(inputSize: 3, cell: .gru, hiddenSize: 8)
        let other = Initialisation(seed: 1).parameters(for: gru)
        #expect(other["encoder.bias_ih_l0"].allSatisfy { $0 == 0 })
    }

    @Test func `equal seeds give equal weights`() {
        let one = Initialisation(seed: 1).parameters(for: blueprint)
        #expect(one == Initialisation(seed: 1).parameters(for: blueprint))
        #expect(one != Initialisation(seed: 2).parameters(for: blueprint))
    }
}
