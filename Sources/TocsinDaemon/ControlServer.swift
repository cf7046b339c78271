import CLinux
import Glibc
import TocsinThreads

/// Answers questions on a UNIX socket: a line comes, a line of JSON goes back.
///
/// `status`, or `inspect DEVICE`. The folder's permissions say who may ask; nothing can be changed
/// by asking. One thread serves one client after another, and none for longer than a second.
struct ControlServer: Sendable {
    private let descriptor: Int32
    /// Where it listens.
    let path: String
    private let inbox: Inbox

    /// Begins to listen; a socket that nobody listens to any more is replaced.
    init(path: String, inbox: Inbox) throws(ControlError) {
        self.path = path
        self.inbox = inbox
        if let other = try? ControlClient(path: path) {
            other.close()
            throw ControlError(path: path, call: "bind", code: EADDRINUSE)
        }
        unsafe unlink(path)
        descriptor = try openSocket(path)
        let result = try unsafe withAddress(path) { address, size in
            unsafe bind(descriptor, address, size)
        }
        guard result == 0, unsafe chmod(path, 0o660) == 0, listen(descriptor, 8) == 0 else {
            let code = errno
            Glibc.close(descriptor)
            throw ControlError(path: path, call: "bind", code: code)
        }
    }

    /// Serves for ever, on a thread of its own.
    func start() throws(ThreadError) {
        try DedicatedThread.start("control") {
            while true {
                let client = accept(descriptor, nil, nil)
                if client < 0 {
                    // Out of descriptors or memory: the next try must not be at once.
                    if errno != EINTR { usleep(100_000) }
                    continue
                }
                serve(client)
                Glibc.close(client)
            }
        }
    }

    /// Takes the socket away.
    func remove() {
        unsafe unlink(path)
    }

    private func serve(_ client: Int32) {
        var limit = timeval(tv_sec: 1, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        unsafe setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        unsafe setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
        guard let line = readLine(client), let request = request(line) else {
            send(Array(#"{"error":"expected 'status' or 'inspect DEVICE'"}"#.utf8), client)
            return
        }
        do {
            let reply = try Reply()
            inbox.put(.request(request, reply))
            send(reply.wait(.seconds(5)) ?? Array(#"{"error":"busy"}"#.utf8), client)
        } catch {
            send(Array(#"{"error":"out of descriptors"}"#.utf8), client)
        }
    }

    private func request(_ line: String) -> StatusRequest? {
        if line == "status" { return .status }
        guard line.hasPrefix("inspect ") else { return nil }
        return .inspect(device: String(line.dropFirst(8)))
    }

    private func send(_ bytes: [UInt8], _ client: Int32) {
        var rest = (bytes + [UInt8(ascii: "\n")])[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { buffer in
                unsafe Glibc.send(client, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// A line of at most 1,000 bytes.
    private func readLine(_ client: Int32) -> String? {
        var line: [UInt8] = []
        while line.count < 1000 {
            var byte: UInt8 = 0
            guard unsafe read(client, &byte, 1) == 1 else { return nil }
            if byte == UInt8(ascii: "\n") { return String(validating: line, as: UTF8.self) }
            line.append(byte)
        }
        return nil
    }
}

/// Asks a running daemon.
public struct ControlClient: ~Copyable {
    private let descriptor: Int32
    private let path: String

    /// Connects to the daemon's socket.
    public init(path: String) throws(ControlError) {
        let socket = try openSocket(path)
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
        if answer.last == UInt8(ascii: "\n") { answer.removeLast() }
        return answer
    }

    /// Ends the connection.
    public consuming func close() {
        Glibc.close(descriptor)
    }
}

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

private func openSocket(_ path: String) throws(ControlError) -> Int32 {
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let descriptor = socket(AF_UNIX, type, 0)
    guard descriptor >= 0 else { throw ControlError(path: path, call: "socket", code: errno) }
    return descriptor
}

private func withAddress(
    _ path: String,
    _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
) throws(ControlError) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
        throw ControlError(path: path, call: "bind", code: ENAMETOOLONG)
    }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
    return unsafe withUnsafePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
            unsafe body(address, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
}
