import Testing

@testable import TocsinCore

struct SafetensorsTests {
    private func bytes(_ header: String, body: Int = 0) -> [UInt8] {
        let text = header.bytes
        return (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) } + text
            + Array(repeating: 0, count: body)
    }

    @Test func `tensors and metadata survive bit for bit`() throws {
        var file = Safetensors()
        file.metadata = ["format": "pt", "é": "\"\n"]
        file.tensors["a"] = Safetensors.Tensor(
            shape: [2, 2],
            elements: .f32([1, -0.0, .greatestFiniteMagnitude, .leastNonzeroMagnitude])
        )
        file.tensors["b"] = Safetensors.Tensor(shape: [1], elements: .f64([0.1]))
        file.tensors["half"] = Safetensors.Tensor(
            shape: [3],
            elements: .f16([-0.0, .greatestFiniteMagnitude, .leastNonzeroMagnitude])
        )
        file.tensors["none"] = Safetensors.Tensor(shape: [0], elements: .f64([]))
        file.tensors["empty"] = Safetensors.Tensor(shape: [0, 3], elements: .f32([]))
        file.tensors["scalar"] = Safetensors.Tensor(shape: [], elements: .f32([7]))
        for _ in 0..<20 { #expect(try Safetensors(file.encoded()) == file) }
        let encoded = try file.encoded()
        #expect((8 + Int(encoded[0]) + Int(encoded[1]) << 8) % 8 == 0)
    }

    @Test func `a file of the reference implementation's layout is read`() throws {
        let header = #"{"x":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}   "#
        let file = try Safetensors(bytes(header) + [0, 0, 128, 63, 0, 0, 0, 192])
        #expect(file.tensors["x"] == Safetensors.Tensor(shape: [1, 2], elements: .f32([1, -2])))
        let halves = #"{"x":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}"#
        #expect(
            try Safetensors(bytes(halves) + [0, 60, 1, 192]).tensors["x"]
                == Safetensors.Tensor(shape: [2], elements: .f16([1, -2.001953125]))
        )
    }

    @Test(arguments: [
        (#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#, 12),
        (#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 12),
        (#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 4),
        (#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8),
        (#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}"#, 8),
        (#"{"x":{"dtype":"F16","shape":[2],"data_offsets":[0,8]}}"#, 8),
        (#"{"x":{"dtype":"BF16","shape":[4],"data_offsets":[0,8]}}"#, 8),
        (#"{"x":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8),
        (#"{"x":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, 8),
        (#"{"x":{"dtype":"F32","shape":[-1,-2],"data_offsets":[0,8]}}"#, 8),
        (#"{"x":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#, 8),
        (#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,9223372036854775807]}}"#, 8),
        (#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,99999999999999999999]}}"#, 8),
        (#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0]}}"#, 8),
        (#"{"x":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}"#, 8),
        (
            #"{"x":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"y":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}"#,
            8
        ),
        (
            #"{"x":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"y":{"dtype":"F64","shape":[1],"data_offsets":[4,12]}}"#,
            12
        ),
        (#"{"x":5}"#, 0), ("[]", 0), ("{", 0), ("", 0), (String(repeating: "[", count: 100_000), 0),
    ])
    func `a hostile header is refused`(header: String, body: Int) {
        #expect(throws: ModelFileError.self) { try Safetensors(bytes(header, body: body)) }
    }

    @Test(arguments: [
        [], [1, 2, 3], Array(repeating: 255, count: 8), [9, 0, 0, 0, 0, 0, 0, 0, 1],
    ])
    func `a length that cannot be is refused`(bytes: [UInt8]) {
        #expect(throws: ModelFileError.self) { try Safetensors(bytes) }
    }
}
