import CLinux
import Glibc

/// Asks a running daemon.
public struct ControlClient: ~Copyable {
    private let descriptor: Int32
    private let path: String

    /// Connects to the daemon's socket.
    public init(path: String) throws(ControlError) {
        let socket = try openSocket(path)
        // A daemon that hangs must not hang whoever asks it, not even in connecting.
        limitWaiting(socket, to: .seconds(10))
        let result = try unsafe withAddress(path) { address, size in
            unsafe connect(socket, address, size)
        }
        guard result == 0 else {
            let code = errno
            Glibc.close(socket)
            throw ControlError(path: path, call: "connect", code: code)
        }
        descriptor = socket
        self.path = path
    }

    /// Sends a line and returns the answer, without its end.
    public func ask(_ line: String) throws(ControlError) -> [UInt8] {
        let bytes = Array("\(line)\n".utf8)
        let sent = unsafe bytes.withUnsafeBytes { buffer in
            unsafe send(
                descriptor,
                buffer.baseAddress,
                buffer.count,
                Int32(MSG_NOSIGNAL)
            )
        }
        guard sent == bytes.count else {
            throw ControlError(path: path, call: "send", code: errno)
        }
        var answer: [UInt8] = []
        var buffer: [UInt8] = Array(repeating: 0, count: 65_536)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { buffer in
                unsafe read(descriptor, buffer.baseAddress, buffer.count)
            }
            guard count >= 0 else { throw ControlError(path: path, call: "read", code: errno) }
            answer += buffer[..<count]
            if count == 0 || answer.last == UInt8(ascii: "\n") { break }
        }
        // A daemon that ends while it is asked.
        guard answer.last == UInt8(ascii: "\n") else {
            throw ControlError(path: path, call: "read", code: ECONNRESET)
        }
        answer.removeLast()
        return answer
    }

    /// Ends the connection.
    public consuming func close() {
        Glibc.close(descriptor)
    }
}
