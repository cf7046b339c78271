import CZlib

/// The gzip format, RFC 1952, by zlib.
enum Gzip {
    /// The unpacked bytes, or `nil` if they are damaged, cut short or more than `limit`.
    ///
    /// A file may consist of several gzip members, one after another.
    static func unpack(_ packed: [UInt8], limit: Int) -> [UInt8]? {
        var unpacked: [UInt8] = []
        var input = packed
        var start = 0
        while start < input.count {
            guard let used = member(&input, start, limit, &unpacked) else { return nil }
            start += used
        }
        return unpacked
    }

    /// Unpacks one member; returns how many bytes of input it took.
    private static func member(
        _ input: inout [UInt8],
        _ start: Int,
        _ limit: Int,
        _ unpacked: inout [UInt8]
    ) -> Int? {
        var stream = unsafe z_stream()
        guard unsafe czlib_inflate_init_gzip(&stream) == Z_OK else { return nil }
        defer { unsafe inflateEnd(&stream) }
        var buffer: [UInt8] = Array(repeating: 0, count: 1 << 18)
        var used = 0
        while true {
            let chunk = min(input.count - start - used, 1 << 30)
            let (status, taken, made) = unsafe input.withUnsafeMutableBufferPointer { source in
                unsafe buffer.withUnsafeMutableBufferPointer { target in
                    unsafe stream.next_in = source.baseAddress?.advanced(by: start + used)
                    unsafe stream.avail_in = UInt32(chunk)
                    unsafe stream.next_out = target.baseAddress
                    unsafe stream.avail_out = UInt32(target.count)
                    let status = unsafe inflate(&stream, Z_NO_FLUSH)
                    return unsafe (
                        status, chunk - Int(stream.avail_in), target.count - Int(stream.avail_out)
                    )
                }
            }
            used += taken
            guard unpacked.count + made <= limit else { return nil }
            unpacked.append(contentsOf: buffer[..<made])
            if status == Z_STREAM_END { return used }
            guard status == Z_OK, taken > 0 || made > 0 else { return nil }
        }
    }
}
