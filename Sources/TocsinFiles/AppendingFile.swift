import Glibc

/// A file that grows: a recording, a table.
public struct AppendingFile: ~Copyable {
    private let descriptor: Int32

    /// An empty file; one that is there already is replaced.
    public init(_ path: String) throws(FileError) {
        let opened = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard opened >= 0 else { throw FileError(path, "open") }
        descriptor = opened
    }

    deinit {
        close(descriptor)
    }

    /// Writes at the end.
    public func append(_ bytes: [UInt8]) throws(FileError) {
        try Files.write(bytes, descriptor: descriptor)
    }
}
