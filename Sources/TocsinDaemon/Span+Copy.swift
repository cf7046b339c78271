extension Span<UInt8> {
    /// The bytes as an array of their own.
    var copy: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        for i in indices { bytes.append(self[i]) }
        return bytes
    }
}
