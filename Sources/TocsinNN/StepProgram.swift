internal import CTocsinKernels

/// A network as the step kernels want it: its layers in order, and their packed weights.
///
/// Units are cut into blocks of as many as a vector has lanes; a short last block is filled up with
/// 0. `StepForm.h` says how the weights are laid out.
struct StepProgram: Sendable {
    private let packed: PackedNetwork
    private let blueprint: Blueprint
    let layout: RecordLayout

    init(
        _ network: Network,
        blueprint: Blueprint,
        parameters: Parameters,
        instructionSet: InstructionSet,
        weights: WeightType
    ) {
        precondition(instructionSet.isSupported, "this machine does not run \(instructionSet)")
        var packing = StepPacking(
            values: parameters.values,
            lanes: instructionSet.lanes,
            weights: instructionSet.convertsHalves ? weights : .single
        )
        var input = (place: TOCSIN_FEATURES, start: 0)
        for layer in network.encoder {
            packing.add(layer, from: input)
            input = (TOCSIN_RECURRENT, layer.stateStart)
        }
        let hidden = input
        if let code = network.code {
            packing.add(code, from: hidden, to: TOCSIN_CODE)
            input = (TOCSIN_CODE, 0)
        }
        var read = hidden
        if let decoder = network.decoder {
            packing.add(decoder, from: input)
            read = (TOCSIN_RECURRENT, decoder.stateStart)
        }
        if let forecast = network.forecast {
            packing.add(forecast, from: read, to: TOCSIN_FORECAST)
        }
        if let reconstruct = network.reconstruct {
            packing.add(
                reconstruct,
                from: network.reconstructReadsCode ? input : read,
                to: TOCSIN_RECONSTRUCTION
            )
        }
        packed = PackedNetwork(packing, instructionSet)
        self.blueprint = blueprint
        layout = RecordLayout(blueprint, stateSize: network.stateSize)
    }

    /// Advances one device; does not allocate.
    func step(_ features: [Float], _ state: inout AutoencoderState) {
        precondition(features.count == blueprint.inputSize, "features have another size")
        precondition(
            state.recurrent.count == layout.recurrent.count
                && state.code.count == blueprint.codeSize
                && state.forecast.count == blueprint.inputSize
                && state.reconstruction.count == blueprint.inputSize,
            "the state is another network's"
        )
        unsafe tocsin_step(
            packed.program,
            features,
            &state.recurrent,
            &state.code,
            &state.forecast,
            &state.reconstruction
        )
    }

    /// Advances the devices of an arena that `indices` names; does not allocate.
    func step(_ features: [Float], _ indices: [Int], _ arena: inout StateArena) {
        precondition(
            features.count >= indices.count * blueprint.inputSize,
            "fewer features than devices need"
        )
        precondition(
            arena.layout == layout,
            "the arena is another network's"
        )
        let count = arena.count
        // By subscript: an iterator allocates where nothing is optimised.
        for row in 0..<indices.count {
            let index = indices[row]
            precondition(index >= 0 && index < count, "no such device")
        }
        var record = record
        unsafe tocsin_step_records(
            packed.program,
            features,
            blueprint.inputSize,
            &arena.values,
            &record,
            indices,
            indices.count
        )
    }

    /// Advances the devices whose records begin at the given addresses; does not allocate.
    @unsafe
    func step(
        _ features: UnsafePointer<Float>,
        _ addresses: UnsafePointer<UnsafeMutablePointer<Float>>,
        _ count: Int
    ) {
        precondition(count >= 0)
        var record = record
        unsafe addresses.withMemoryRebound(
            to: UnsafeMutablePointer<Float>?.self,
            capacity: count
        ) { addresses in
            unsafe tocsin_step_addresses(
                packed.program,
                features,
                blueprint.inputSize,
                addresses,
                &record,
                count
            )
        }
    }

    private var record: tocsin_record {
        tocsin_record(
            stride: layout.stride,
            code: layout.code.lowerBound,
            forecast: layout.forecast.lowerBound,
            reconstruction: layout.reconstruction.lowerBound
        )
    }
}

/// Layers and weights in memory that stays where it is.
@safe
private final class PackedNetwork: @unchecked Sendable {
    let program: UnsafePointer<tocsin_program>
    private let memory: LargePages

    init(_ packing: StepPacking, _ set: InstructionSet) {
        let size = packing.words.count * MemoryLayout<UInt32>.stride
        let (memory, weights) = unsafe LargePages.share(size)
        self.memory = memory
        unsafe weights.copyMemory(from: packing.words, byteCount: size)
        let layers = UnsafeMutableBufferPointer<tocsin_layer>.allocate(
            capacity: packing.layers.count
        )
        _ = unsafe layers.initialize(fromContentsOf: packing.layers)
        let program = UnsafeMutablePointer<tocsin_program>.allocate(capacity: 1)
        unsafe program.initialize(
            to: tocsin_program(
                set: set.kernel,
                weight_type: packing.weights.kernel,
                layers: UnsafePointer(layers.baseAddress),
                layer_count: layers.count,
                weights: UnsafePointer(
                    weights.bindMemory(to: Float.self, capacity: packing.words.count)
                )
            )
        )
        unsafe self.program = UnsafePointer(program)
    }

    deinit {
        unsafe program.pointee.layers.deallocate()
        unsafe program.deallocate()
    }
}
