import ArgumentParser
import TocsinCore
import TocsinFiles
import TocsinNN
import TocsinTraining

/// Work that other libraries do, too.
protocol PeerLoad {
    /// Does it so many times.
    mutating func run(_ times: Int) throws

    /// Does it from the beginning on `input`, and returns what came out.
    mutating func check(_ input: [UInt8]) throws -> [UInt8]
}

/// Steps of a network for some devices, their states carried.
struct KernelPeer: PeerLoad {
    private let network: Autoencoder
    private let indices: [Int]
    private var features: [Float]
    private var state: AutoencoderState
    private var arena: StateArena

    init(_ order: Bench.Order) throws {
        network = try Autoencoder(
            blueprint: order.blueprint(),
            parameters: order.parameters(at: 5)
        )
        indices = Array(0..<(try order.number(4)))
        var random = SeededGenerator(seed: 1)
        features = (0..<indices.count * network.blueprint.inputSize).map { _ in
            Float(random.uniform() * 2 - 1)
        }
        state = network.zeroState()
        arena = network.arena()
        reset()
    }

    private mutating func reset() {
        state = network.zeroState()
        arena = network.arena()
        for _ in indices { _ = arena.append(state) }
    }

    mutating func run(_ times: Int) {
        if indices.count == 1 {
            for _ in 0..<times { network.step(features, state: &state) }
        } else {
            for _ in 0..<times { network.step(features, devices: indices, in: &arena) }
        }
    }

    /// - Parameter input: features, `[steps, devices, inputSize]`
    /// - Returns: forecasts, of the same shape
    mutating func check(_ input: [UInt8]) -> [UInt8] {
        reset()
        let before = features
        defer { features = before }
        var forecasts: [Float] = []
        let samples: [Float] = input.elements()
        for start in stride(from: 0, to: samples.count, by: features.count) {
            features = Array(samples[start..<start + features.count])
            run(1)
            if indices.count == 1 {
                forecasts += state.forecast
            } else {
                for device in indices { forecasts += arena.values[arena.forecastRange(of: device)] }
            }
        }
        return forecasts.bytes
    }
}

/// A payload, decoded whole into values by name, as in the daemon.
struct DecodePeer: PeerLoad {
    private var payload: [UInt8]
    private let decoder = JSONSampleDecoder()
    private let noChannel: [UInt8] = []
    private var batch = SampleBatch()

    init(_ order: Bench.Order) throws {
        payload = try Files.read(order.word(1))
    }

    mutating func run(_ times: Int) throws {
        let (decoder, payload, noChannel) = (decoder, payload, noChannel)
        for _ in 0..<times {
            try decoder.decode(payload.span, channel: noChannel.span, into: &batch)
        }
    }

    /// - Parameter input: a payload
    /// - Returns: its time in microseconds since 1970, and its values, as doubles
    mutating func check(_ input: [UInt8]) throws -> [UInt8] {
        payload = input
        try run(1)
        return ([Double(batch.time?.microseconds ?? 0)] + batch.entries.map(\.value)).bytes
    }
}

/// Updates of a network's weights, window after window, the state carried.
struct TrainingPeer: PeerLoad {
    private let blueprint: Blueprint
    private let initial: Parameters
    private let lanes: Int
    private let chunks: [TrainingChunk]
    private var loop: TrainingLoop
    private var next = 0

    init(_ order: Bench.Order) throws {
        blueprint = try order.blueprint()
        initial = try order.parameters(at: 6)
        lanes = try order.number(4)
        let steps = try order.number(5)
        let frames = try order.floats(7)
        let row = lanes * blueprint.inputSize
        // The last frame is only a target.
        chunks = stride(from: 0, to: frames.count - row, by: steps * row).map { start in
            TrainingChunk(
                steps: steps,
                inputs: Array(frames[start..<start + steps * row]),
                frames: Array(frames[start..<start + (steps + 1) * row]),
                weights: Array(repeating: 1, count: (steps + 1) * row)
            )
        }
        loop = try TrainingLoop(
            blueprint: blueprint,
            parameters: initial,
            lanes: lanes,
            steps: steps,
            clip: .infinity,
            threads: order.number(8)
        )
        loop.reset(lanes: lanes)
    }

    mutating func run(_ times: Int) {
        for _ in 0..<times { _ = update() }
    }

    /// - Returns: the loss before each of the first updates, one for each window
    mutating func check(_: [UInt8]) -> [UInt8] {
        loop.restart(from: initial)
        loop.reset(lanes: lanes)
        next = 0
        return chunks.map { _ in Float(update()) }.bytes
    }

    private mutating func update() -> Double {
        let loss = loop.update(chunks[next], learningRate: 1e-3).loss
        next = (next + 1) % chunks.count
        return loss
    }
}

extension Bench.Order {
    /// Two layers and a forecast, of the kind and sizes that the words 1 to 3 name.
    fileprivate func blueprint() throws -> Blueprint {
        guard let cell = CellKind(rawValue: try word(1)) else {
            throw ValidationError("no cell '\(try word(1))'")
        }
        return Blueprint(
            inputSize: try number(2),
            cell: cell,
            hiddenSize: try number(3),
            layers: 2
        )
    }

    fileprivate func parameters(at index: Int) throws -> Parameters {
        var parameters = Parameters(zeros: try blueprint())
        let values = try floats(index)
        guard values.count == parameters.values.count else {
            throw ValidationError("\(values.count) weights, not \(parameters.values.count)")
        }
        parameters.values = values
        return parameters
    }
}

extension [UInt8] {
    /// The numbers whose bytes these are.
    func elements() -> [Float] {
        withUnsafeBytes { bytes in
            (0..<bytes.count / 4).map {
                bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self)
            }
        }
    }
}

extension Array where Element: BinaryFloatingPoint {
    fileprivate var bytes: [UInt8] {
        withUnsafeBytes { Array<UInt8>($0) }
    }
}
