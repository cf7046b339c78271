/// What a device remembers between samples, what was last predicted for it.
///
/// Two states are equal if every later step gives the same: if they remember the same and made the
/// same forecast.
public struct AutoencoderState: Sendable {
    /// Hidden and, for an LSTM, memory of every layer from the lowest encoder layer to the
    /// decoder, `[stateSize]`; this is what a checkpoint saves.
    public internal(set) var recurrent: [Float]

    /// The features expected of the next sample, `[inputSize]`; 0 before the first step and
    /// without a forecast head.
    public internal(set) var forecast: [Float]

    /// What the network makes of this sample's features, `[inputSize]`; 0 before the first step
    /// and without a reconstruct head.
    public internal(set) var reconstruction: [Float]

    /// z, `[codeSize]`.
    var code: [Float]

    init(zeros blueprint: Blueprint, stateSize: Int) {
        recurrent = Array(repeating: 0, count: stateSize)
        forecast = Array(repeating: 0, count: blueprint.inputSize)
        reconstruction = forecast
        code = Array(repeating: 0, count: blueprint.codeSize)
    }

    init(recurrent: [Float], forecast: [Float], reconstruction: [Float], code: [Float]) {
        self.recurrent = recurrent
        self.forecast = forecast
        self.reconstruction = reconstruction
        self.code = code
    }
}

extension AutoencoderState: Equatable {
    public static func == (a: AutoencoderState, b: AutoencoderState) -> Bool {
        a.recurrent == b.recurrent && a.forecast == b.forecast
    }
}
