import Glibc

/// Why a file could not be read or written.
public struct FileError: Error, Equatable, CustomStringConvertible {
    /// The file.
    public let path: String
    /// What was tried, such as `open`.
    public let call: String
    /// The system's error number; 0 where the content is at fault.
    public let code: Int32

    init(_ path: String, _ call: String, code: Int32 = errno) {
        self.path = path
        self.call = call
        self.code = code
    }

    public var description: String {
        let reason = unsafe code == 0 ? "damaged or cut short" : String(cString: strerror(code))
        return "'\(path)': \(call): \(reason)"
    }
}
