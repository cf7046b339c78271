/// A network's weights, packed for ``UnrolledPass``; several passes may read the same.
public struct PackedParameters: Sendable {
    private(set) var recurrent: [PackedLayer]
    private(set) var code: PackedLayer?
    private(set) var forecast: PackedLayer?
    private(set) var reconstruct: PackedLayer?

    /// Nothing: what a pass holds while its weights are being changed, so that they need no copy.
    public static let none = PackedParameters()

    private init() {
        recurrent = []
    }

    /// Weights that are all 0; throws if the sizes are impossible.
    public init(zeros blueprint: Blueprint) throws(BlueprintError) {
        try blueprint.validate()
        self.init(Network(blueprint, Parameters(zeros: blueprint)))
    }

    init(_ network: Network) {
        let recurrent = network.encoder + (network.decoder.map { [$0] } ?? [])
        // How far the inputs' rows are apart plays no part here.
        self.recurrent = recurrent.map {
            PackedLayer(UnrolledShape($0, inputStride: $0.inputSize, set: .preferred))
        }
        func packed(_ layer: LinearLayer?) -> PackedLayer? {
            layer.map {
                PackedLayer(UnrolledShape($0, inputStride: $0.inputSize, set: .preferred))
            }
        }
        code = packed(network.code)
        forecast = packed(network.forecast)
        reconstruct = packed(network.reconstruct)
    }

    /// Takes new weights.
    public mutating func load(_ parameters: Parameters) {
        for index in recurrent.indices {
            recurrent[index].load(parameters)
        }
        code?.load(parameters)
        forecast?.load(parameters)
        reconstruct?.load(parameters)
    }
}

/// One layer of ``PackedParameters``.
struct PackedLayer: Sendable {
    private let shape: UnrolledShape
    private(set) var weights: UnrolledWeights

    init(_ shape: UnrolledShape) {
        self.shape = shape
        weights = shape.zeroWeights()
    }

    mutating func load(_ parameters: Parameters) {
        shape.pack(parameters, into: &weights)
    }
}
