import Glibc

/// A file that is written piece by piece beside the one that it will replace.
///
/// Whoever reads the path at any time finds the old content or the new, never a part. A draft that is
/// not put in place leaves nothing.
public struct DraftFile: ~Copyable {
    private let path: String
    private let draft: String
    private let descriptor: Int32
    private var isOpen = true

    /// A draft of a file, empty.
    public init(of path: String, mode: UInt32 = 0o644) throws(FileError) {
        self.path = path
        draft = "\(path).new"
        descriptor = unsafe open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw FileError(draft, "open") }
    }

    deinit {
        guard isOpen else { return }
        close(descriptor)
        unsafe unlink(draft)
    }

    /// Appends bytes.
    public mutating func append(_ bytes: [UInt8]) throws(FileError) {
        do {
            try Files.write(bytes, descriptor: descriptor)
        } catch {
            throw FileError(draft, "write", code: error.code)
        }
    }

    /// Makes the content durable and puts it in place.
    ///
    /// - Parameter previous: where the file that was there stays, too; `nil` for nowhere
    public consuming func putInPlace(keeping previous: String? = nil) throws(FileError) {
        guard fsync(descriptor) == 0 else { throw FileError(draft, "fsync") }
        isOpen = false
        guard close(descriptor) == 0 else {
            let error = FileError(draft, "close")
            unsafe unlink(draft)
            throw error
        }
        if let previous {
            // A second name for the old file, so that there is never a moment without one.
            unsafe unlink(previous)
            unsafe link(path, previous)
        }
        guard unsafe rename(draft, path) == 0 else {
            let error = FileError(path, "rename")
            unsafe unlink(draft)
            throw error
        }
        Files.syncFolder(of: path)
    }
}
