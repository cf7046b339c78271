import FoundationEssentials

/// The safetensors container: a length, a JSON header, and the tensors' bytes one after another.
///
/// Source: the format's own description, github.com/huggingface/safetensors. Every number of the
/// header is checked before it is used, since files come from elsewhere.
struct Safetensors: Equatable {
    /// A tensor, row-major.
    struct Tensor: Equatable {
        var shape: [Int]
        var elements: Elements
    }

    /// The element types that this reader knows.
    enum Elements: Equatable {
        case f16([Float16])
        case f32([Float])
        case f64([Double])
    }

    /// The tensors, by name.
    var tensors: [String: Tensor] = [:]
    /// Free text by key; the header's `__metadata__`.
    var metadata: [String: String] = [:]

    /// No file of ours comes near to this.
    static let largestHeader = 16 << 20

    init() {}

    /// Reads a whole file.
    init(_ bytes: [UInt8]) throws(ModelFileError) {
        guard bytes.count >= 8 else { throw .truncated }
        var length: UInt64 = 0
        for i in (0..<8).reversed() { length = length << 8 | UInt64(bytes[i]) }
        guard length <= Self.largestHeader else { throw .notAModel("its header is too long") }
        guard length <= bytes.count - 8 else { throw .truncated }
        let start = 8 + Int(length)

        let header: [String: Entry]
        do {
            header = try JSONDecoder().decode(
                [String: Entry].self,
                from: Data(bytes[8..<start])
            )
        } catch {
            throw .notAModel("its header is not that of a safetensors file")
        }
        var covered = 0
        // An empty tensor starts where the next one does, and comes first.
        let order = header.sorted { a, b in
            (a.value.start, a.value.end) < (b.value.start, b.value.end)
        }
        for (name, entry) in order {
            if name == "__metadata__" {
                metadata = entry.metadata
                continue
            }
            guard entry.start == covered, entry.end >= entry.start else {
                throw .wrongOffsets(tensor: name)
            }
            guard entry.end <= bytes.count - start else { throw .truncated }
            covered = entry.end
            let content = bytes[start + entry.start..<start + entry.end]
            tensors[name] = try Self.tensor(name, entry, content)
        }
        guard covered == bytes.count - start else { throw .wrongOffsets(tensor: "the last one") }
    }

    private static func tensor(
        _ name: String,
        _ entry: Entry,
        _ content: ArraySlice<UInt8>
    ) throws(ModelFileError) -> Tensor {
        var count = 1
        for size in entry.shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            guard size >= 0, !overflow else { throw .wrongOffsets(tensor: name) }
            count = product
        }
        let width: Int
        switch entry.type {
        case "F16": width = 2
        case "F32": width = 4
        case "F64": width = 8
        default: throw .unknownType(tensor: name, type: entry.type)
        }
        guard content.count % width == 0, content.count / width == count else {
            throw .wrongOffsets(tensor: name)
        }
        let words = stride(from: content.startIndex, to: content.endIndex, by: width).map { at in
            content[at..<at + width].reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        }
        let elements: Elements =
            switch width {
            case 2: .f16(words.map { Float16(bitPattern: UInt16(truncatingIfNeeded: $0)) })
            case 4: .f32(words.map { Float(bitPattern: UInt32(truncatingIfNeeded: $0)) })
            default: .f64(words.map { Double(bitPattern: $0) })
            }
        return Tensor(shape: entry.shape, elements: elements)
    }

    /// A hash of all tensors and metadata, but for the one that holds it.
    var checksum: String {
        var content: [UInt8] = []
        for (key, text) in metadata.sorted(by: { $0.key < $1.key }) where key != "checksum" {
            content += Array("\(key)\0\(text)\0".utf8)
        }
        for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
            content += Array("\(name)\0\(tensor.shape)\0".utf8)
            content.append(tensor.elements)
        }
        return ModelFile.hash(content)
    }

    /// The file's bytes: metadata first, then the tensors, the wide types before the narrow ones and
    /// by name within a type, so that every tensor is aligned.
    func encoded() throws -> [UInt8] {
        var header: [String: Entry] = ["__metadata__": Entry(metadata: metadata)]
        var body: [UInt8] = []
        let order = tensors.sorted { a, b in
            (b.value.elements.width, a.key) < (a.value.elements.width, b.key)
        }
        for (name, tensor) in order {
            let first = body.count
            body.append(tensor.elements)
            header[name] = Entry(
                type: tensor.elements.type,
                shape: tensor.shape,
                start: first,
                end: body.count
            )
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var text = Array(try encoder.encode(header))
        while text.count % 8 != 0 { text.append(UInt8(ascii: " ")) }
        var file: [UInt8] = []
        file.append(littleEndian: UInt64(text.count), 8)
        return file + text + body
    }
}

/// One entry of the header: a tensor's place, or the metadata.
private struct Entry: Codable {
    var type = ""
    var shape: [Int] = []
    var start = -1
    var end = -1
    var metadata: [String: String] = [:]

    init(metadata: [String: String]) { self.metadata = metadata }

    init(type: String, shape: [Int], start: Int, end: Int) {
        self.type = type
        self.shape = shape
        self.start = start
        self.end = end
    }

    private enum Keys: String, CodingKey {
        case type = "dtype"
        case shape
        case offsets = "data_offsets"
    }

    init(from decoder: any Decoder) throws {
        guard decoder.codingPath.last?.stringValue != "__metadata__" else {
            metadata = try [String: String](from: decoder)
            return
        }
        let container = try decoder.container(keyedBy: Keys.self)
        type = try container.decode(String.self, forKey: .type)
        shape = try container.decode([Int].self, forKey: .shape)
        var offsets = try container.nestedUnkeyedContainer(forKey: .offsets)
        start = try offsets.decode(Int.self)
        end = try offsets.decode(Int.self)
        guard start >= 0 else {
            throw DecodingError.dataCorruptedError(in: offsets, debugDescription: "negative")
        }
    }

    func encode(to encoder: any Encoder) throws {
        guard !type.isEmpty else { return try metadata.encode(to: encoder) }
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(type, forKey: .type)
        try container.encode(shape, forKey: .shape)
        try container.encode([start, end], forKey: .offsets)
    }
}

extension Safetensors.Elements {
    /// What the header calls the type.
    var type: String {
        switch self {
        case .f16: "F16"
        case .f32: "F32"
        case .f64: "F64"
        }
    }

    /// Bytes per element.
    fileprivate var width: Int {
        switch self {
        case .f16: 2
        case .f32: 4
        case .f64: 8
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ elements: Safetensors.Elements) {
        switch elements {
        case .f16(let values):
            for value in values { append(littleEndian: UInt64(value.bitPattern), 2) }
        case .f32(let values):
            for value in values { append(littleEndian: UInt64(value.bitPattern), 4) }
        case .f64(let values):
            for value in values { append(littleEndian: value.bitPattern, 8) }
        }
    }

    fileprivate mutating func append(littleEndian value: UInt64, _ count: Int) {
        var rest = value
        for _ in 0..<count {
            append(UInt8(truncatingIfNeeded: rest))
            rest >>= 8
        }
    }
}
