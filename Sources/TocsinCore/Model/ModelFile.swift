import FoundationEssentials
import TocsinNN

/// Models as files.
///
/// A safetensors file that PyTorch's own loader reads: weights under PyTorch's names, `scaler.offset`
/// and `scaler.gain` (F64), `drift.hidden_mean` and `drift.hidden_whitening`, `drift.pace_weights`
/// and `drift.pace_limits`, and the golden sequence: `golden.frames` with the `golden.scores` that they must give (F64, NaN for none).
/// Everything else is JSON under the key `tocsin` of the metadata, beside a checksum.
public enum ModelFile {
    /// The version of the format that this code writes.
    public static let version = 2

    /// How far a golden score may be off, relative to 1 + its size: room for another instruction
    /// set's rounding, none for another model.
    static let goldenTolerance = 1e-3

    /// A model's bytes.
    ///
    /// - Parameters:
    ///   - model: what is written
    ///   - golden: frames to keep as golden sequence, NaN if missing, `[frames, channels]`
    public static func encode(_ model: Model, golden: [Double]) throws -> [UInt8] {
        var file = Safetensors()
        let blueprint = model.autoencoder.blueprint
        for tensor in blueprint.tensors {
            file.tensors[tensor.name] = Safetensors.Tensor(
                shape: tensor.shape,
                elements: model.autoencoder.weights.elements(
                    model.autoencoder.parameters[tensor.name]
                )
            )
        }
        let channels = model.channels.count
        let drift = model.calibration.drift
        file.add("scaler.offset", .f64(model.scaler.offset), [channels])
        file.add("scaler.gain", .f64(model.scaler.gain), [channels])
        file.add("drift.hidden_mean", .f32(drift.hiddenMean), [drift.hiddenMean.count])
        file.add(
            "drift.hidden_whitening",
            .f32(drift.hiddenWhitening),
            [drift.hiddenWhitening.count]
        )
        let paceShape = [2, drift.pace.weights.count / 2]
        file.add("drift.pace_weights", .f32(drift.pace.weights), paceShape)
        file.add("drift.pace_limits", .f32(drift.pace.limits), paceShape)
        file.add("golden.frames", .f64(golden), [golden.count / channels, channels])
        file.add("golden.scores", .f64(model.scores(of: golden)), [golden.count / channels])

        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let description = try encoder.encode(Description(model))
        file.metadata = [
            "format": "pt", "tocsin": String(decoding: description, as: UTF8.self),
        ]
        file.metadata["checksum"] = file.checksum
        return try file.encoded()
    }

    /// Reads a model, checks every shape, and has it reproduce its golden sequence.
    ///
    /// - Parameters:
    ///   - bytes: the whole file
    ///   - name: what the model is called, usually its file's name without ending
    public static func decode(_ bytes: [UInt8], name: String) throws(ModelFileError) -> Model {
        let file = try Safetensors(bytes)
        guard let text = file.metadata["tocsin"] else {
            throw .notAModel("its metadata has no key 'tocsin'")
        }
        let description = try Description(text)
        // Written by all that tocsin writes; a file made by other means need not have one.
        if let checksum = file.metadata["checksum"], checksum != file.checksum { throw .damaged }
        let blueprint = description.blueprint
        do {
            try blueprint.validate()
        } catch {
            throw .unusableNetwork("\(error)")
        }
        try description.check()

        let type = description.weights ?? .single
        var weights: [String: [Float]] = [:]
        for tensor in blueprint.tensors {
            weights[tensor.name] = try file.weights(tensor.name, shape: tensor.shape, type)
        }
        let known = Set(weights.keys)
        for name in file.tensors.keys.sorted()
        where !known.contains(name) && !extras.contains(name) {
            throw .unknownTensor(name)
        }
        let channels = description.channels.count
        let hidden = blueprint.hiddenSize
        var calibration = description.calibration
        calibration.drift.hiddenMean = try file.floats("drift.hidden_mean", shape: [hidden])
        calibration.drift.hiddenWhitening = try file.floats(
            "drift.hidden_whitening",
            shape: [hidden * (hidden + 1) / 2]
        )
        let steps = [2, file.tensors["drift.pace_weights"]?.shape.last == 0 ? 0 : hidden]
        calibration.drift.pace.weights = try file.floats("drift.pace_weights", shape: steps)
        calibration.drift.pace.limits = try file.floats("drift.pace_limits", shape: steps)
        let drift = calibration.drift
        guard
            (drift.hiddenMean + drift.hiddenWhitening + drift.pace.weights + drift.pace.limits)
                .allSatisfy(\.isFinite)
        else { throw .unusableDescription("the drift reference holds what is no number") }
        let offset = try file.doubles("scaler.offset", shape: [channels])
        let gain = try file.doubles("scaler.gain", shape: [channels])
        guard offset.allSatisfy(\.isFinite), gain.allSatisfy({ $0.isFinite && $0 > 0 }) else {
            throw .unusableDescription("the scaler holds a value that is not a positive number")
        }

        let autoencoder: Autoencoder
        do {
            let parameters = try Parameters(blueprint: blueprint, tensors: weights)
            autoencoder = try Autoencoder(
                blueprint: blueprint,
                parameters: parameters,
                weights: type
            )
        } catch {
            throw .unusableNetwork("\(error)")
        }
        let model = Model(
            name: name,
            identity: hash(bytes),
            channels: description.channels,
            scaler: Scaler(offset: offset, gain: gain),
            autoencoder: autoencoder,
            calibration: calibration,
            clock: description.clock,
            warmUp: description.warmUp,
            longestSequence: description.longestSequence,
            provenance: description.provenance,
            validation: description.validation
        )
        try checkGolden(model, file)
        return model
    }

    /// A file's own description, JSON, without looking at anything else in it.
    public static func description(_ bytes: [UInt8]) throws(ModelFileError) -> String {
        guard let text = try Safetensors(bytes).metadata["tocsin"] else {
            throw .notAModel("its metadata has no key 'tocsin'")
        }
        return text
    }

    /// 64 bits that tell one sequence of bytes from another, in hexadecimal digits (FNV-1a).
    public static func hash(_ bytes: some Sequence<UInt8>) -> String {
        var h: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { h = (h ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        let digits = String(h, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private static let extras: Set<String> = [
        "scaler.offset", "scaler.gain", "drift.hidden_mean", "drift.hidden_whitening",
        "drift.pace_weights", "drift.pace_limits", "golden.frames", "golden.scores",
    ]

    private static func checkGolden(
        _ model: Model,
        _ file: Safetensors
    ) throws(ModelFileError) {
        guard let tensor = file.tensors["golden.scores"] else {
            throw .missingTensor("golden.scores")
        }
        let count = tensor.shape.first ?? 0
        guard (1...4096).contains(count) else {
            throw .wrongShape(tensor: "golden.scores", expected: [64], found: tensor.shape)
        }
        let expected = try file.doubles("golden.scores", shape: [count])
        let frames = try file.doubles("golden.frames", shape: [count, model.channels.count])
        guard expected.contains(where: { !$0.isNaN }) else {
            throw .unusableDescription("its golden sequence has no score")
        }
        let found = model.scores(of: frames)
        for i in expected.indices {
            if expected[i].isNaN, found[i].isNaN { continue }
            let error = abs(expected[i] - found[i])
            guard error <= goldenTolerance * (1 + abs(expected[i])) else {
                throw .wrongGoldenScore(frame: i, expected: expected[i], found: found[i])
            }
        }
    }
}

extension WeightType {
    /// Weights as a file holds them; those of 16 bits must be rounded already.
    fileprivate func elements(_ values: [Float]) -> Safetensors.Elements {
        switch self {
        case .single: .f32(values)
        case .half: .f16(values.map { Float16($0) })
        }
    }
}

extension Safetensors {
    fileprivate mutating func add(_ name: String, _ elements: Elements, _ shape: [Int]) {
        tensors[name] = Tensor(shape: shape, elements: elements)
    }

    /// A network's tensor, which must be held in what the description says.
    fileprivate func weights(
        _ name: String,
        shape: [Int],
        _ type: WeightType
    ) throws(ModelFileError) -> [Float] {
        let elements = try tensor(name, shape: shape).elements
        switch (elements, type) {
        case (.f32(let values), .single): return values
        case (.f16(let values), .half): return values.map { Float($0) }
        default:
            throw .wrongWeights(tensor: name, type: elements.type, described: type.rawValue)
        }
    }

    fileprivate func floats(_ name: String, shape: [Int]) throws(ModelFileError) -> [Float] {
        let tensor = try tensor(name, shape: shape)
        guard case .f32(let values) = tensor.elements else {
            throw .unknownType(tensor: name, type: tensor.elements.type)
        }
        return values
    }

    fileprivate func doubles(_ name: String, shape: [Int]) throws(ModelFileError) -> [Double] {
        let tensor = try tensor(name, shape: shape)
        guard case .f64(let values) = tensor.elements else {
            throw .unknownType(tensor: name, type: tensor.elements.type)
        }
        return values
    }

    private func tensor(_ name: String, shape: [Int]) throws(ModelFileError) -> Tensor {
        guard let tensor = tensors[name] else { throw .missingTensor(name) }
        guard tensor.shape == shape else {
            throw .wrongShape(tensor: name, expected: shape, found: tensor.shape)
        }
        return tensor
    }
}
