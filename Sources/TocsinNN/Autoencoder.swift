/// A network with its weights: one instance serves every device, and never changes.
///
///     h(t) = encoder(x(t), h(t−1))
///     z(t) = W_z h(t) + b_z                       with a code, else h(t)
///     g(t) = decoder(z(t), g(t−1))                with a recurrent decoder
///     forecast of x(t+1) = W_f g(t) + b_f         with a linear decoder from h(t)
///     reconstruction of x(t) = W_r g(t) + b_r     with a linear decoder from z(t)
///
/// State is carried from sample to sample; there is no window, and no step is done twice.
public struct Autoencoder: Sendable {
    /// The sizes.
    public let blueprint: Blueprint

    /// The weights, as PyTorch has them; those of 16 bits are rounded already.
    public let parameters: Parameters

    /// What the weights are held in.
    public let weights: WeightType

    /// The number of floats that a device carries: every layer's hidden and memory.
    public let stateSize: Int

    /// Where ``AutoencoderState/recurrent`` holds h, the hidden state of the topmost encoder layer.
    public let hiddenRange: Range<Int>

    private let program: StepProgram

    /// A network with the given weights.
    ///
    /// Throws if the sizes are impossible, or the parameters are those of other sizes or not
    /// finite; a number beyond 65,519 is not finite as a half.
    ///
    /// - Parameters:
    ///   - blueprint: the sizes
    ///   - parameters: rounded once to `weights`, all of them
    ///   - weights: what the weights are held in
    public init(
        blueprint: Blueprint,
        parameters: Parameters,
        weights: WeightType = .single
    ) throws(BlueprintError) {
        try self.init(
            blueprint: blueprint,
            parameters: parameters,
            instructionSet: .preferred,
            weights: weights
        )
    }

    /// A network that runs in the given form, which the machine must have.
    public init(
        blueprint: Blueprint,
        parameters: Parameters,
        instructionSet: InstructionSet,
        weights: WeightType = .single
    ) throws(BlueprintError) {
        try blueprint.validate()
        for tensor in blueprint.tensors {
            guard let found = parameters.tensors.first(where: { $0.name == tensor.name }) else {
                throw .missingTensor(tensor.name)
            }
            guard found.shape == tensor.shape else {
                throw .unexpectedCount(
                    name: tensor.name,
                    expected: tensor.count,
                    found: found.count
                )
            }
        }
        let known = Set(blueprint.tensors.map(\.name))
        for tensor in parameters.tensors where !known.contains(tensor.name) {
            throw .unknownTensor(tensor.name)
        }
        let parameters = parameters.rounded(to: weights)
        try parameters.checkFinite()
        self.weights = weights
        self.blueprint = blueprint
        self.parameters = parameters
        let network = Network(blueprint, parameters)
        stateSize = network.stateSize
        let start = network.top.stateStart
        hiddenRange = start..<start + blueprint.hiddenSize
        program = StepProgram(
            network,
            blueprint: blueprint,
            parameters: parameters,
            instructionSet: instructionSet,
            weights: weights
        )
    }

    /// The state of a device that has seen nothing yet.
    public func zeroState() -> AutoencoderState {
        AutoencoderState(zeros: blueprint, stateSize: stateSize)
    }

    /// A state as a checkpoint saved it, or `nil` if it is another network's or not finite.
    ///
    /// - Parameters:
    ///   - recurrent: `[stateSize]`
    ///   - forecast: `[inputSize]`
    public func state(recurrent: [Float], forecast: [Float]) -> AutoencoderState? {
        guard recurrent.count == stateSize, forecast.count == blueprint.inputSize,
            recurrent.allSatisfy(\.isFinite), forecast.allSatisfy(\.isFinite)
        else { return nil }
        var state = zeroState()
        state.recurrent = recurrent
        state.forecast = forecast
        return state
    }

    /// Advances one device by one sample.
    ///
    /// - Parameters:
    ///   - features: dimensionless and finite, `[inputSize]`
    ///   - state: before the sample; on return after it, with the new predictions
    /// - Complexity: O(number of weights); does not allocate.
    public func step(_ features: [Float], state: inout AutoencoderState) {
        program.step(features, &state)
    }

    /// Where a record holds the parts of a device's state.
    public var recordLayout: RecordLayout { program.layout }

    /// Room for the states of devices that are advanced several at a time.
    public func arena() -> StateArena {
        StateArena(recordLayout)
    }

    /// Advances several devices by one sample each.
    ///
    /// The weights are read once for up to 24 devices: four together cost about half of four
    /// alone. Each gets the bits that ``step(_:state:)`` gives, whatever its company. A device
    /// that occurs twice takes both steps, in order.
    ///
    /// - Parameters:
    ///   - features: dimensionless and finite, `[devices.count, inputSize]`; more are not read
    ///   - devices: indices into the arena
    ///   - arena: the states before the samples; on return after them, with new predictions
    /// - Complexity: O(devices × number of weights); does not allocate.
    public func step(_ features: [Float], devices: [Int], in arena: inout StateArena) {
        program.step(features, devices, &arena)
    }

    /// As ``step(_:devices:in:)``, for records that the caller keeps anywhere in memory.
    ///
    /// A record is laid out as ``recordLayout`` says. It should begin at a multiple of 64 bytes.
    /// Records that follow are fetched into the cache while a tile is computed.
    ///
    /// - Parameters:
    ///   - features: dimensionless and finite, `[count, inputSize]`
    ///   - records: where each device's record begins, `[count]`; the same address twice takes
    ///     both steps, in order, and other overlaps are not allowed
    ///   - count: the number of rows; may be 0
    /// - Complexity: O(`count` × number of weights); does not allocate.
    @unsafe
    public func step(
        _ features: UnsafePointer<Float>,
        records: UnsafePointer<UnsafeMutablePointer<Float>>,
        count: Int
    ) {
        unsafe program.step(features, records, count)
    }
}

extension Autoencoder: Equatable {
    public static func == (a: Autoencoder, b: Autoencoder) -> Bool {
        a.blueprint == b.blueprint && a.weights == b.weights && a.parameters == b.parameters
    }
}
