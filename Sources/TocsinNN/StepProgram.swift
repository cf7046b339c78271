internal import CTocsinKernels
import Glibc

/// A network as the step kernels want it: its layers in order, and their packed weights.
///
/// Weights are cut into blocks of as many units as a vector has lanes; a short last block is
/// filled up with 0. `StepForm.h` says how a block is laid out.
struct StepProgram: Sendable {
    private let set: InstructionSet
    private let layers: [tocsin_layer]
    private let weights: AlignedFloats
    private let blueprint: Blueprint
    let layout: RecordLayout

    init(
        _ network: Network,
        blueprint: Blueprint,
        parameters: Parameters,
        instructionSet: InstructionSet
    ) {
        precondition(instructionSet.isSupported, "this machine does not run \(instructionSet)")
        var packing = StepPacking(values: parameters.values, lanes: instructionSet.lanes)
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
        set = instructionSet
        layers = packing.layers
        weights = AlignedFloats(packing.weights)
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
            set.kernel,
            layers,
            layers.count,
            weights.start,
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
            set.kernel,
            layers,
            layers.count,
            weights.start,
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
                set.kernel,
                layers,
                layers.count,
                weights.start,
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

/// Puts the weights of one layer after the other into blocks.
private struct StepPacking {
    /// All parameters, as PyTorch has them.
    let values: [Float]
    let lanes: Int
    var layers: [tocsin_layer] = []
    var weights: [Float] = []

    init(values: [Float], lanes: Int) {
        self.values = values
        self.lanes = lanes
    }

    typealias Source = (place: tocsin_place, start: Int)

    // The kernels compute 2^x where the activations have e^−x and e^−2x.
    private static let sigmoid = -1 / M_LN2
    private static let tanh = -2 / M_LN2

    mutating func add(_ layer: RecurrentLayer, from input: Source) {
        let (values, inputs, size) = (values, layer.inputSize, layer.hiddenSize)
        let (kind, factors) =
            switch layer.kind {
            case .lstm: (TOCSIN_LSTM, [Self.sigmoid, Self.sigmoid, Self.tanh, Self.sigmoid])
            case .gru: (TOCSIN_GRU, [Self.sigmoid, Self.sigmoid, Self.tanh])
            case .rnn: (TOCSIN_RNN, [Self.tanh])
            }
        begin(kind, input, (TOCSIN_RECURRENT, layer.stateStart), inputs, size)
        for first in stride(from: 0, to: size, by: lanes) {
            for (gate, factor) in factors.enumerated() {
                // The GRU's reset gate stands between the two biases of n.
                let isApart = layer.kind == .gru && gate == 2
                add(first, size, factor) { unit in
                    let row = gate * size + unit
                    let bias = Double(values[layer.inputBias + row])
                    return isApart ? bias : bias + Double(values[layer.hiddenBias + row])
                }
            }
            if layer.kind == .gru {
                add(first, size, Self.tanh) { unit in
                    Double(values[layer.hiddenBias + 2 * size + unit])
                }
            }
            for (start, columns) in [(layer.inputWeights, inputs), (layer.hiddenWeights, size)] {
                for column in 0..<columns {
                    for (gate, factor) in factors.enumerated() {
                        add(first, size, factor) { unit in
                            Double(values[start + (gate * size + unit) * columns + column])
                        }
                    }
                }
            }
        }
    }

    mutating func add(_ layer: LinearLayer, from input: Source, to output: tocsin_place) {
        let (values, inputs, size) = (values, layer.inputSize, layer.outputSize)
        begin(TOCSIN_LINEAR, input, (output, 0), inputs, size)
        for first in stride(from: 0, to: size, by: lanes) {
            add(first, size, 1) { Double(values[layer.bias + $0]) }
            for column in 0..<inputs {
                add(first, size, 1) { Double(values[layer.weights + $0 * inputs + column]) }
            }
        }
    }

    private mutating func begin(
        _ kind: tocsin_layer_kind,
        _ input: Source,
        _ output: Source,
        _ inputs: Int,
        _ size: Int
    ) {
        while weights.count % 16 != 0 { weights.append(0) }
        layers.append(
            tocsin_layer(
                kind: kind,
                input: input.place,
                output: output.place,
                input_start: input.start,
                output_start: output.start,
                input_size: inputs,
                size: size,
                weights: weights.count
            )
        )
    }

    /// Adds one vector: `factor × value(unit)`, rounded once, and 0 beyond the last unit.
    private mutating func add(
        _ first: Int,
        _ size: Int,
        _ factor: Double,
        _ value: (Int) -> Double
    ) {
        for unit in first..<first + lanes {
            weights.append(unit < size ? Float(factor * value(unit)) : 0)
        }
    }
}

/// Constant numbers that begin at a cache line, so that no vector lies across two.
@safe
private final class AlignedFloats: @unchecked Sendable {
    let start: UnsafePointer<Float>

    init(_ values: [Float]) {
        let memory = unsafe UnsafeMutableRawPointer.allocate(
            byteCount: max(values.count, 1) * MemoryLayout<Float>.stride,
            alignment: 64
        ).bindMemory(to: Float.self, capacity: values.count)
        unsafe memory.update(from: values, count: values.count)
        unsafe start = UnsafePointer(memory)
    }

    deinit {
        unsafe start.deallocate()
    }
}
