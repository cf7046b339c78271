import Glibc

/// Why a daemon could not be asked.
public struct ControlError: Error, Equatable, CustomStringConvertible {
    /// The socket.
    public let path: String
    /// The call that failed.
    public let call: String
    /// The system's error number.
    public let code: Int32

    public var description: String {
        unsafe "'\(path)': \(call): \(String(cString: strerror(code)))"
    }
}
