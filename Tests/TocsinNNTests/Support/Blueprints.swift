@testable import TocsinNN

extension Blueprint {
    /// Every combination of cell, one or two layers, decoder, heads, and code or none.
    static func every(inputSize: Int, hiddenSize: Int, codeSize: Int) -> [Blueprint] {
        var blueprints: [Blueprint] = []
        for cell in CellKind.allCases {
            for layers in 1...2 {
                for decoder in DecoderKind.allCases {
                    for heads: Heads in [.forecast, .reconstruct, [.forecast, .reconstruct]] {
                        let unread = decoder == .linear && heads == .forecast
                        for code in unread ? [0] : [0, codeSize] {
                            blueprints.append(
                                Blueprint(
                                    inputSize: inputSize,
                                    cell: cell,
                                    hiddenSize: hiddenSize,
                                    layers: layers,
                                    codeSize: code,
                                    decoder: decoder,
                                    heads: heads
                                )
                            )
                        }
                    }
                }
            }
        }
        return blueprints
    }
}

extension Parameters {
    /// Parameters from SplitMix64, as `Network.fill` in `make_nn_fixtures.py`.
    init(_ blueprint: Blueprint, seed: UInt64, scale: Double) {
        self.init(zeros: blueprint)
        values = Numbers.symmetric(seed: seed, count: values.count, scale: scale)
    }
}

extension CellKind {
    /// A plain cell with weights from SplitMix64.
    func plainCell(inputSize: Int, hiddenSize: Int, parameters: Parameters) -> any RecurrentCell {
        let rows = gates * hiddenSize
        let type: any RecurrentCell.Type =
            switch self {
            case .lstm: LSTMCell.self
            case .gru: GRUCell.self
            case .rnn: RNNCell.self
            }
        return type.init(
            inputWeights: Matrix(
                rows: rows,
                columns: inputSize,
                rowMajor: parameters["encoder.weight_ih_l0"]
            ),
            hiddenWeights: Matrix(
                rows: rows,
                columns: hiddenSize,
                rowMajor: parameters["encoder.weight_hh_l0"]
            ),
            inputBias: parameters["encoder.bias_ih_l0"],
            hiddenBias: parameters["encoder.bias_hh_l0"]
        )
    }
}
