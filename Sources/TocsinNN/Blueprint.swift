/// The sizes of a network: what is needed to build one, without its weights.
public struct Blueprint: Sendable, Equatable, Codable {
    /// The number of features of a sample, 1 to 4096.
    public var inputSize: Int
    /// The kind of every recurrent layer.
    public var cell: CellKind
    /// The number of hidden units of every recurrent layer, 1 to 4096.
    public var hiddenSize: Int
    /// The number of stacked encoder layers, 1 to 16.
    public var layers: Int
    /// The number of elements of the code, up to 4096; 0: the hidden state is the code.
    public var codeSize: Int
    /// What stands between the encoder and the heads.
    public var decoder: DecoderKind
    /// What is predicted.
    public var heads: Heads

    /// The sizes of a network; ``validate()`` says whether they are possible.
    public init(
        inputSize: Int,
        cell: CellKind = .lstm,
        hiddenSize: Int = 64,
        layers: Int = 1,
        codeSize: Int = 0,
        decoder: DecoderKind = .linear,
        heads: Heads = .forecast
    ) {
        self.inputSize = inputSize
        self.cell = cell
        self.hiddenSize = hiddenSize
        self.layers = layers
        self.codeSize = codeSize
        self.decoder = decoder
        self.heads = heads
    }

    /// Throws if a network of these sizes cannot or should not be built.
    ///
    /// The bounds are far above what one step per sample can carry; they keep a damaged model file
    /// from asking for all of the memory.
    public func validate() throws(BlueprintError) {
        let sizes = 1...4096
        try check("input size", inputSize, in: sizes)
        try check("hidden size", hiddenSize, in: sizes)
        try check("layers", layers, in: 1...16)
        try check("code size", codeSize, in: 0...4096)
        guard !heads.isDisjoint(with: [.forecast, .reconstruct]) else { throw .noHead }
        guard codeSize == 0 || decoder == .recurrent || heads.contains(.reconstruct) else {
            throw .unreadCode
        }
    }

    private func check(
        _ name: String,
        _ value: Int,
        in range: ClosedRange<Int>
    ) throws(BlueprintError) {
        guard range.contains(value) else {
            throw .outOfRange(name: name, value: value, range: range)
        }
    }
}

extension Blueprint {
    /// Every tensor of the network, in the order in which ``Parameters`` holds them.
    ///
    /// Names and shapes are those of a PyTorch module with an `encoder` and a `decoder` of type
    /// `torch.nn.LSTM`, `GRU` or `RNN`, and `Linear` modules `code`, `forecast`, `reconstruct`.
    public var tensors: [TensorShape] {
        var tensors: [TensorShape] = []
        for layer in 0..<layers {
            let size = layer == 0 ? inputSize : hiddenSize
            tensors += recurrent("encoder", layer: layer, inputSize: size)
        }
        if codeSize > 0 {
            tensors += linear("code", from: hiddenSize, to: codeSize)
        }
        if decoder == .recurrent {
            tensors += recurrent("decoder", layer: 0, inputSize: decoderInputSize)
        }
        if heads.contains(.forecast) {
            tensors += linear("forecast", from: hiddenSize, to: inputSize)
        }
        if heads.contains(.reconstruct) {
            tensors += linear("reconstruct", from: reconstructInputSize, to: inputSize)
        }
        return tensors
    }

    /// The size of the code, or of the hidden state where there is none.
    var decoderInputSize: Int {
        codeSize > 0 ? codeSize : hiddenSize
    }

    /// The size of what the reconstruct head reads.
    var reconstructInputSize: Int {
        decoder == .recurrent ? hiddenSize : decoderInputSize
    }

    private func recurrent(_ name: String, layer: Int, inputSize: Int) -> [TensorShape] {
        let rows = cell.gates * hiddenSize
        return [
            TensorShape(name: "\(name).weight_ih_l\(layer)", shape: [rows, inputSize]),
            TensorShape(name: "\(name).weight_hh_l\(layer)", shape: [rows, hiddenSize]),
            TensorShape(name: "\(name).bias_ih_l\(layer)", shape: [rows]),
            TensorShape(name: "\(name).bias_hh_l\(layer)", shape: [rows]),
        ]
    }

    private func linear(_ name: String, from inputSize: Int, to size: Int) -> [TensorShape] {
        [
            TensorShape(name: "\(name).weight", shape: [size, inputSize]),
            TensorShape(name: "\(name).bias", shape: [size]),
        ]
    }
}
