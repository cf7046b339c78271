/// Whose record it is: what stands before every record, so that it can be told without the process
/// that made it.
@safe
struct DevicePlate: BitwiseCopyable {
    /// Bytes before a record: whole cache lines.
    static let size = 320
    /// Names are no longer.
    static let longestName = 256
    /// Where the name stands.
    private static let nameStart = 64

    private struct Fields: BitwiseCopyable {
        /// The batch in which the device came; 0 for no device.
        var born: UInt64
        /// The name of its stream, hashed.
        var stream: UInt64
        var nameLength: Int
    }

    private let base: UnsafeMutableRawPointer

    init(_ base: UnsafeMutableRawPointer) { unsafe self.base = base }

    /// Says whose record follows; a longer name, as a table may have, is cut behind a character.
    func write(_ name: String, stream: UInt64, born: UInt64) {
        var name = Array(name.utf8)
        if name.count > Self.longestName {
            var end = Self.longestName
            // The later bytes of a character are 10xxxxxx.
            while end > 0, name[end] & 0xC0 == 0x80 { end -= 1 }
            name.removeSubrange(end...)
        }
        unsafe name.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            unsafe (base + Self.nameStart).copyMemory(from: start, byteCount: bytes.count)
        }
        let fields = Fields(born: born, stream: stream, nameLength: name.count)
        unsafe base.storeBytes(of: fields, as: Fields.self)
    }

    /// Says that no device's record follows.
    func clear() { unsafe base.storeBytes(of: 0, as: UInt64.self) }

    /// The device's stream, hashed.
    var stream: UInt64 { unsafe base.load(as: Fields.self).stream }

    /// Lends the device's name.
    @inline(__always)
    func withName<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
        let length = min(max(unsafe base.load(as: Fields.self).nameLength, 0), Self.longestName)
        let start = unsafe (base + Self.nameStart).assumingMemoryBound(to: UInt8.self)
        return body(unsafe Span(_unsafeStart: start, count: length))
    }

    /// The device's name.
    var name: String {
        withName { name in
            unsafe name.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
        }
    }
}

/// A device as an earlier process left it in memory; a look at that memory, which must stay.
@safe
public struct SavedDevice {
    let chunk: RecordRegion.ChunkHead
    private let plate: UnsafeMutableRawPointer

    init(chunk: RecordRegion.ChunkHead, plate: UnsafeMutableRawPointer) {
        self.chunk = chunk
        unsafe self.plate = plate
    }

    /// Its name.
    public var name: String { unsafe DevicePlate(plate).name }
    /// Its stream's name, as ``stableHash(_:)`` of it.
    public var stream: UInt64 { unsafe DevicePlate(plate).stream }
    /// Its number in its fleet.
    public var number: Int { Int(head.device) }

    /// Writes what is no number into its network's state; for tests.
    package func damage() { unsafe record.storeBytes(of: Float.nan, as: Float.self) }

    /// Its record.
    var record: UnsafeMutableRawPointer { unsafe plate + DevicePlate.size }
    /// What of its record does not depend on the model.
    var head: DeviceHead { unsafe (record + chunk.headStart).load(as: DeviceHead.self) }
}

/// A hash of a text that is the same in every process.
public func stableHash(_ text: String) -> UInt64 {
    let bytes = Array(text.utf8)
    return bytes.span.stableHash
}

extension Span<UInt8> {
    /// A hash that is the same in every process; for what nobody gains by making collide.
    public var stableHash: UInt64 { hash(0x9E37_79B9_7F4A_7C15) }
}

/// Which of so many parts a device belongs to; the same in every process.
public func part(of device: Span<UInt8>, among count: Int) -> Int {
    Int(device.hash(0xD6E8_FEB8_6659_FD93) % UInt64(count))
}
