/// The layers of a network and how they hang together, without weights and without state.
///
///     encoder (stacked) → h → code → z → decoder → g
///
/// Without a code z is h. The forecast head reads g, and the reconstruct head g; with a linear
/// decoder there is no g: the forecast head reads h, past the bottleneck, and the reconstruct head
/// z.
struct Network: Sendable {
    let encoder: [RecurrentLayer]
    let code: LinearLayer?
    let decoder: RecurrentLayer?
    let forecast: LinearLayer?
    let reconstruct: LinearLayer?

    /// The layers for a blueprint; `parameters` only says where tensors lie.
    init(_ blueprint: Blueprint, _ parameters: Parameters) {
        let size = blueprint.hiddenSize
        let carried = blueprint.cell.carried * size
        encoder = (0..<blueprint.layers).map { layer in
            RecurrentLayer(
                "encoder",
                layer,
                kind: blueprint.cell,
                inputSize: layer == 0 ? blueprint.inputSize : size,
                hiddenSize: size,
                stateStart: layer * carried,
                in: parameters
            )
        }
        code =
            blueprint.codeSize > 0
            ? LinearLayer("code", from: size, to: blueprint.codeSize, in: parameters) : nil
        decoder =
            blueprint.decoder == .recurrent
            ? RecurrentLayer(
                "decoder",
                0,
                kind: blueprint.cell,
                inputSize: blueprint.decoderInputSize,
                hiddenSize: size,
                stateStart: blueprint.layers * carried,
                in: parameters
            ) : nil
        let outputs = blueprint.inputSize
        forecast =
            blueprint.heads.contains(.forecast)
            ? LinearLayer("forecast", from: size, to: outputs, in: parameters) : nil
        reconstruct =
            blueprint.heads.contains(.reconstruct)
            ? LinearLayer(
                "reconstruct",
                from: blueprint.reconstructInputSize,
                to: outputs,
                in: parameters
            ) : nil
    }

    /// The topmost encoder layer, whose hidden state is h.
    var top: RecurrentLayer {
        encoder[encoder.count - 1]
    }

    /// Whether the reconstruct head reads the code rather than a hidden state.
    var reconstructReadsCode: Bool {
        decoder == nil && code != nil
    }

    /// The number of floats a device carries from sample to sample.
    var stateSize: Int {
        encoder.reduce(decoder?.stateSize ?? 0) { $0 + $1.stateSize }
    }
}
