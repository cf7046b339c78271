/// Why saved state could not be taken back.
public enum StateError: Error, Equatable, CustomStringConvertible {
    /// The bytes end too early.
    case truncated
    /// A list has another length than the model asks for.
    case wrongLength(expected: Int, found: Int)
    /// A value cannot be.
    case inconsistent

    public var description: String {
        switch self {
        case .truncated: "saved state ends too early"
        case .wrongLength(let expected, let found):
            "saved state holds \(found) values where \(expected) belong"
        case .inconsistent: "saved state contradicts itself"
        }
    }
}

/// Writes state as bytes, little-endian, numbers bit for bit.
public struct StateWriter: Sendable {
    /// What was written.
    public private(set) var bytes: [UInt8] = []

    /// A writer with nothing in it.
    public init() {}

    mutating func write(_ value: Bool) { bytes.append(value ? 1 : 0) }

    mutating func write(_ value: Int64) {
        var rest = UInt64(bitPattern: value)
        for _ in 0..<8 {
            bytes.append(UInt8(truncatingIfNeeded: rest))
            rest >>= 8
        }
    }

    mutating func write(_ value: Double) { write(Int64(bitPattern: value.bitPattern)) }

    mutating func write(_ values: [Int64]) {
        write(Int64(values.count))
        for value in values { write(value) }
    }

    mutating func write(_ values: [Double]) {
        write(Int64(values.count))
        for value in values { write(value) }
    }

    mutating func write(_ values: [Float]) {
        write(Int64(values.count))
        for value in values {
            var rest = value.bitPattern
            for _ in 0..<4 {
                bytes.append(UInt8(truncatingIfNeeded: rest))
                rest >>= 8
            }
        }
    }

    mutating func write(_ text: String) {
        write(Int64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }
}

/// Reads what a ``StateWriter`` wrote.
public struct StateReader: Sendable {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    /// A reader at the beginning of `bytes`.
    public init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    private mutating func take(_ count: Int) throws(StateError) -> ArraySlice<UInt8> {
        guard count >= 0, count <= bytes.endIndex - position else { throw .truncated }
        defer { position += count }
        return bytes[position..<position + count]
    }

    mutating func readBool() throws(StateError) -> Bool {
        let byte = try take(1)
        guard let byte = byte.first, byte <= 1 else { throw .inconsistent }
        return byte == 1
    }

    /// A number of things that were counted.
    mutating func readCount() throws(StateError) -> Int64 {
        let value = try readInteger()
        guard (0..<Self.bound).contains(value) else { throw .inconsistent }
        return value
    }

    /// Microseconds since 1970, far enough from the ends to be added to; `Int64.min` stands for
    /// never.
    mutating func readTime() throws(StateError) -> Int64 {
        let value = try readInteger()
        guard value == .min || abs(value) < Self.bound else { throw .inconsistent }
        return value
    }

    /// A number that is finite and not negative, such as an energy.
    mutating func readAmount() throws(StateError) -> Double {
        let value = try readDouble()
        guard value.isFinite, value >= 0 else { throw .inconsistent }
        return value
    }

    private static let bound: Int64 = 1 << 60

    mutating func readInteger() throws(StateError) -> Int64 {
        guard bytes.endIndex - position >= 8 else { throw .truncated }
        var value: UInt64 = 0
        for i in 0..<8 { value |= UInt64(bytes[position + i]) << UInt64(8 * i) }
        position += 8
        return Int64(bitPattern: value)
    }

    mutating func readDouble() throws(StateError) -> Double {
        Double(bitPattern: UInt64(bitPattern: try readInteger()))
    }

    mutating func readIntegers(count: Int) throws(StateError) -> [Int64] {
        try checkLength(count)
        var values: [Int64] = []
        for _ in 0..<count { values.append(try readInteger()) }
        return values
    }

    mutating func readDoubles(count: Int) throws(StateError) -> [Double] {
        try checkLength(count)
        var values: [Double] = []
        for _ in 0..<count { values.append(try readDouble()) }
        return values
    }

    /// Numbers that are finite and not negative.
    mutating func readAmounts(count: Int) throws(StateError) -> [Double] {
        let values = try readDoubles(count: count)
        guard values.allSatisfy({ $0.isFinite && $0 >= 0 }) else { throw .inconsistent }
        return values
    }

    /// Numbers of things that were counted.
    mutating func readCounts(count: Int) throws(StateError) -> [Int64] {
        let values = try readIntegers(count: count)
        guard values.allSatisfy({ (0..<Self.bound).contains($0) }) else { throw .inconsistent }
        return values
    }

    /// Throws if anything was left unread.
    func expectEnd() throws(StateError) {
        guard position == bytes.endIndex else { throw .inconsistent }
    }

    mutating func readFloats(count: Int) throws(StateError) -> [Float] {
        try checkLength(count)
        guard bytes.endIndex - position >= 4 * count else { throw .truncated }
        var values: [Float] = []
        values.reserveCapacity(count)
        for _ in 0..<count {
            var bits: UInt32 = 0
            for i in 0..<4 { bits |= UInt32(bytes[position + i]) << UInt32(8 * i) }
            position += 4
            values.append(Float(bitPattern: bits))
        }
        return values
    }

    mutating func readString() throws(StateError) -> String {
        let count = try readInteger()
        guard count <= 1 << 20 else { throw .inconsistent }
        return String(decoding: try take(Int(count)), as: UTF8.self)
    }

    private mutating func checkLength(_ expected: Int) throws(StateError) {
        let found = try readInteger()
        guard found == expected else {
            throw .wrongLength(expected: expected, found: Int(clamping: found))
        }
    }
}
