/// The kinds of recurrent cell.
public enum CellKind: String, Sendable, Codable, CaseIterable {
    /// Long short-term memory: hidden and memory, gates i f g o.
    case lstm
    /// Gated recurrent unit: hidden only, gates r z n.
    case gru
    /// Elman network: hidden only, tanh.
    case rnn

    /// How many gates lie one under the other in a weight matrix.
    var gates: Int {
        switch self {
        case .lstm: 4
        case .gru: 3
        case .rnn: 1
        }
    }

    /// How many vectors of `hiddenSize` a layer carries: hidden, and for an LSTM memory.
    var carried: Int {
        switch self {
        case .lstm: 2
        case .gru, .rnn: 1
        }
    }
}
