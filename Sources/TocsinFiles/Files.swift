import Glibc

/// Reads and writes whole files.
public enum Files {
    /// The largest file that is read whole, in bytes.
    public static let largest = 4 << 30

    /// A file's bytes, if they are no more than `limit`.
    public static func read(_ path: String, limit: Int = largest) throws(FileError) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(path, "open") }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw FileError(path, "stat") }
        guard status.st_mode & S_IFMT != S_IFDIR else {
            throw FileError(path, "read", code: EISDIR)
        }
        guard status.st_size <= limit else { throw FileError(path, "read", code: EFBIG) }

        var bytes: [UInt8] = []
        var buffer: [UInt8] = Array(repeating: 0, count: 1 << 18)
        bytes.reserveCapacity(Int(status.st_size))
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { buffer in
                unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileError(path, "read") }
            if count == 0 { return bytes }
            guard bytes.count + count <= limit else { throw FileError(path, "read", code: EFBIG) }
            bytes.append(contentsOf: buffer[..<count])
        }
    }

    /// A file's bytes, unpacked if they are gzip's.
    public static func readUnpacked(_ path: String) throws(FileError) -> [UInt8] {
        let bytes = try read(path)
        guard bytes.starts(with: [0x1F, 0x8B]) else { return bytes }
        guard let unpacked = Gzip.unpack(bytes, limit: largest) else {
            throw FileError(path, "unpack", code: 0)
        }
        return unpacked
    }

    /// Puts a file in place as a whole: written beside it, made durable, then renamed.
    ///
    /// Whoever reads `path` at any time finds the old content or the new, never a part.
    public static func write(
        _ bytes: [UInt8],
        to path: String,
        mode: UInt32 = 0o644
    ) throws(FileError) {
        let draft = "\(path).new"
        let descriptor = unsafe open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw FileError(draft, "open") }
        do throws(FileError) {
            try writeAll(bytes, descriptor, draft)
            guard fsync(descriptor) == 0 else { throw FileError(draft, "fsync") }
        } catch {
            close(descriptor)
            unsafe unlink(draft)
            throw error
        }
        do throws(FileError) {
            guard close(descriptor) == 0 else { throw FileError(draft, "close") }
            guard unsafe rename(draft, path) == 0 else { throw FileError(path, "rename") }
        } catch {
            unsafe unlink(draft)
            throw error
        }
        syncFolder(of: path)
    }

    /// Makes the rename durable, as far as the file system does that.
    static func syncFolder(of path: String) {
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    private static func writeAll(
        _ bytes: [UInt8],
        _ descriptor: Int32,
        _ path: String
    ) throws(FileError) {
        var start = 0
        while start < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(
                    descriptor,
                    buffer.baseAddress?.advanced(by: start),
                    buffer.count - start
                )
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw FileError(path, "write") }
            start += count
        }
    }

    /// Writes all of `bytes` to an open descriptor, such as standard output.
    public static func write(_ bytes: [UInt8], descriptor: Int32) throws(FileError) {
        try writeAll(bytes, descriptor, "descriptor \(descriptor)")
    }
}
