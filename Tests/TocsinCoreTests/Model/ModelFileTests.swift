import Testing
import TocsinNN

@testable import TocsinCore

struct ModelFileTests {
    private static let golden: [Double] = {
        var random = SeededGenerator(seed: 1)
        return (0..<24).flatMap { t in
            var values = healthyValues(t, channels: 2, &random)
            if t == 9 { values[1] = .nan }
            // Healthy frames score 0, whatever the weights.
            if t > 9 { values[0] += Double(t) }
            return values
        }
    }()

    private static func model(
        _ heads: Heads = .forecast,
        weights: WeightType = .single
    ) throws -> Model {
        try .small(heads: heads, range: -5...50, threshold: 0.5, weights: weights)
    }

    private func file(_ weights: WeightType = .single) throws -> [UInt8] {
        try ModelFile.encode(Self.model(weights: weights), golden: Self.golden)
    }

    /// The file with some of its tensors or its metadata changed.
    private func changed(
        _ weights: WeightType = .single,
        _ change: (inout Safetensors) -> Void
    ) throws -> [UInt8] {
        var file = try Safetensors(file(weights))
        change(&file)
        file.metadata["checksum"] = nil
        return try file.encoded()
    }

    /// The file with words of its description replaced.
    private func described(_ old: String, _ new: String) throws -> [UInt8] {
        try changed { file in
            let text = file.metadata["tocsin"] ?? ""
            guard let range = text.firstRange(of: old) else {
                Issue.record("no \(old)")
                return
            }
            file.metadata["tocsin"] = text.replacingCharacters(in: range, with: new)
        }
    }

    private func error(_ bytes: [UInt8]) -> ModelFileError? {
        do throws(ModelFileError) {
            _ = try ModelFile.decode(bytes, name: "x")
            return nil
        } catch {
            #expect(!error.description.isEmpty && !error.description.contains("\n"))
            return error
        }
    }

    @Test(
        arguments: [Heads.forecast, .reconstruct, [.forecast, .reconstruct]],
        WeightType.allCases
    )
    func `a model is read as it was written`(heads: Heads, weights: WeightType) throws {
        let model = try Self.model(heads, weights: weights)
        let bytes = try ModelFile.encode(model, golden: Self.golden)
        let read = try ModelFile.decode(bytes, name: "pump")
        #expect(read.name == "pump")
        #expect(read.identity == ModelFile.hash(bytes))
        #expect(read.channels == model.channels)
        #expect(read.scaler == model.scaler)
        #expect(read.autoencoder == model.autoencoder)
        #expect(read.autoencoder.weights == weights)
        #expect(read.calibration == model.calibration)
        #expect(read.clock == model.clock)
        #expect(read.warmUp == model.warmUp)
        #expect(read.longestSequence == model.longestSequence)
        #expect(read.provenance == model.provenance)
        #expect(read.validation == model.validation)
        #expect(try ModelFile.encode(read, golden: Self.golden) == bytes)
        #expect(read.scores(of: Self.golden).contains { $0 > 0 })
    }

    @Test func `a file that was cut short is refused`() throws {
        let bytes = try file()
        for length in 0..<bytes.count {
            #expect(error(Array(bytes[..<length])) != nil, "\(length)")
        }
        #expect(error(bytes + [0]) == .wrongOffsets(tensor: "the last one"))
    }

    @Test func `a damaged file never becomes another model`() throws {
        let bytes = try file()
        var random = SeededGenerator(seed: 2)
        for round in 0..<1500 {
            var damaged = bytes
            damaged[random.integer(in: 0..<bytes.count)] ^= 1 << UInt8(random.integer(in: 0..<8))
            if round % 3 == 0 {
                damaged[random.integer(in: 0..<bytes.count)] = UInt8.random(
                    in: 0...255,
                    using: &random
                )
            }
            guard damaged != bytes, error(damaged) == nil else { continue }
            // What is left are bytes that say nothing, such as the header's padding.
            let read = try ModelFile.decode(damaged, name: "x")
            #expect(try ModelFile.encode(read, golden: Self.golden) == bytes, "round \(round)")
        }
    }

    @Test func `a tensor that is missing, unknown, or of another shape or type is refused`() throws
    {
        let weight = "encoder.weight_hh_l0"
        #expect(error(try changed { $0.tensors[weight] = nil }) == .missingTensor(weight))
        #expect(
            error(try changed { $0.tensors["extra"] = $0.tensors[weight] })
                == .unknownTensor("extra")
        )
        #expect(
            error(try changed { $0.tensors[weight]?.shape = [4, 16] })
                == .wrongShape(tensor: weight, expected: [16, 4], found: [4, 16])
        )
        #expect(
            error(
                try changed { file in
                    file.tensors["scaler.gain"] = Safetensors.Tensor(
                        shape: [2],
                        elements: .f32([1, 1])
                    )
                }
            ) == .unknownType(tensor: "scaler.gain", type: "F32")
        )
        #expect(
            error(try changed { $0.metadata = ["format": "pt"] })
                == .notAModel("its metadata has no key 'tocsin'")
        )
    }

    @Test func `half weights are tensors of 16 bits, and take half the room`() throws {
        let halves = try Safetensors(file(.half))
        let singles = try Safetensors(file())
        let blueprint = try Self.model().autoencoder.blueprint
        for tensor in blueprint.tensors {
            #expect(halves.tensors[tensor.name]?.elements.type == "F16")
            #expect(singles.tensors[tensor.name]?.elements.type == "F32")
            #expect(halves.tensors[tensor.name]?.shape == tensor.shape)
        }
        #expect(halves.tensors["drift.hidden_mean"]?.elements.type == "F32")
        #expect(halves.tensors["scaler.gain"]?.elements.type == "F64")
        #expect(halves.metadata["tocsin"]?.contains(#""weights":"f16""#) == true)
        #expect(singles.metadata["tocsin"]?.contains(#""weights":"f32""#) == true)
    }

    @Test(arguments: WeightType.allCases)
    func `a file that says one type of weights and holds the other is refused`(
        weights: WeightType
    ) throws {
        let weight = "encoder.bias_hh_l0"
        let one = try changed(weights) { file in
            guard let tensor = file.tensors[weight] else { return }
            switch tensor.elements {
            case .f16(let values): file.tensors[weight]?.elements = .f32(values.map { Float($0) })
            case .f32(let values): file.tensors[weight]?.elements = .f16(values.map { Float16($0) })
            case .f64: break
            }
        }
        let (has, other) = weights == .half ? ("F16", "F32") : ("F32", "F16")
        #expect(
            error(one)
                == .wrongWeights(tensor: weight, type: other, described: weights.rawValue)
        )
        let described = weights == .half ? "f32" : "f16"
        let all = try changed(weights) { file in
            let text = file.metadata["tocsin"] ?? ""
            guard let range = text.firstRange(of: #""weights":"\#(weights.rawValue)""#) else {
                return
            }
            file.metadata["tocsin"] = text.replacingCharacters(
                in: range,
                with: #""weights":"\#(described)""#
            )
        }
        #expect(
            error(all)
                == .wrongWeights(tensor: "encoder.weight_ih_l0", type: has, described: described)
        )
        #expect(
            try #require(error(all)).description
                == "tensor 'encoder.weight_ih_l0' has type '\(has)', but the description says that "
                + "the weights are '\(described)'; copy or train the model again"
        )
    }

    @Test(arguments: ["drift.hidden_mean", "drift.hidden_whitening"], [Float.nan, .infinity])
    func `a reference that is no number is refused`(name: String, value: Float) throws {
        let bytes = try changed { file in
            guard case .f32(var values) = file.tensors[name]?.elements else { return }
            values[1] = value
            file.tensors[name]?.elements = .f32(values)
        }
        #expect(
            error(bytes)
                == .unusableDescription("the drift reference holds what is no number")
        )
    }

    @Test(arguments: [#""name":"a\nb""#, #""name":"a\u001b[2J""#])
    func `a channel's name that would command a terminal is refused`(name: String) throws {
        #expect(
            error(try described(#""name":"a""#, name))
                == .unusableDescription("a channel's name or unit is not readable")
        )
    }

    @Test func `what is said of a file stays on one line, whatever it holds`() throws {
        let bytes = try changed { $0.tensors["a\nb\u{1B}"] = $0.tensors["scaler.gain"] }
        #expect(error(bytes) == .unknownTensor("a\nb\u{1B}"))
        #expect(error(bytes)?.description.isReadable == true)
    }

    @Test func `a file that does not say the type of its weights has 32 bits`() throws {
        let bytes = try described(#","weights":"f32""#, "")
        #expect(try ModelFile.decode(bytes, name: "x").autoencoder.weights == .single)
        #expect(
            error(try described(#""weights":"f32""#, #""weights":"f8""#))
                == .unusableDescription("'weights' is not what it should be")
        )
    }

    @Test func `a model that does not give its golden scores is refused`() throws {
        let bytes = try changed { file in
            file.tensors["scaler.offset"] = Safetensors.Tensor(
                shape: [2],
                elements: .f64([10.5, 10])
            )
        }
        guard case .wrongGoldenScore = error(bytes) else {
            Issue.record("\(String(describing: error(bytes)))")
            return
        }
    }

    @Test func `a model that proves nothing is refused`() throws {
        // Shorter than the warm-up: every golden score is missing.
        let bytes = try ModelFile.encode(Self.model(), golden: Array(Self.golden.prefix(6)))
        #expect(error(bytes) == .unusableDescription("its golden sequence has no score"))
    }

    @Test func `a file of a newer format says so, whatever else it holds`() throws {
        #expect(
            error(try described(#""format_version":2"#, #""format_version":3,"new":[]"#))
                == .newerFormat(3)
        )
    }

    @Test func `a file of an older format says so`() throws {
        #expect(
            error(try described(#""format_version":2"#, #""format_version":1"#)) == .olderFormat(1)
        )
    }

    @Test(arguments: [
        (#""warm_up":4"#, #""warm_up":-1"#), (#""warm_up":4"#, #""warm_up":"4""#),
        (#""period_us":1000000"#, #""period_us":0"#), (#""period_us":1000000"#, #""period_us":-1"#),
        (#""max_gap_us":10000000"#, #""max_gap_us":9000000000000000"#),
        (#""name":"b""#, #""name":"a""#), (#""is_scored":[true,true]"#, #""is_scored":[true]"#),
        (#""excess":0.3"#, #""excess":0"#), (#""threshold":0.5"#, #""threshold":-1"#),
        (#""rms":[1,1]"#, #""rms":[1,0]"#), (#""rms":[1,1]"#, #""rms":[1,-1]"#),
        (#""spread":0.5"#, #""spread":0"#), (#""bad":3"#, #""bad":0"#),
        (#""edges":[0.1,0.4,0.8,1.5]"#, #""edges":[0.1,0.8,0.4,1.5]"#),
        (#""shares":[0.2,0.2,"#, #""shares":[-0.2,0.6,"#), (#""hiddenSize":4"#, #""hiddenSize":0"#),
        (#""hiddenSize":4"#, #""hiddenSize":4611686018427387904"#),
        (#""inputSize":2"#, #""inputSize":3"#),
    ])
    func `a description that cannot be is refused`(old: String, new: String) throws {
        #expect(error(try described(old, new)) != nil)
    }
}

extension String {
    fileprivate func firstRange(of text: String) -> Range<Index>? {
        indices.first { self[$0...].hasPrefix(text) }.map { $0..<index($0, offsetBy: text.count) }
    }

    fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
        String(self[..<range.lowerBound]) + text + String(self[range.upperBound...])
    }
}
