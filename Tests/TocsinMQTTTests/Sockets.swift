import Foundation
import Synchronization

/// A socket listening on a free port of the loopback interface.
func listeningSocket(backlog: Int32 = 16) throws -> (descriptor: Int32, port: Int) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw POSIXError(.EMFILE) }
    var address = loopback(port: 0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
            bind(descriptor, generic, length) == 0 && listen(descriptor, backlog) == 0
                && getsockname(descriptor, generic, &length) == 0
        }
    }
    guard result else { throw POSIXError(.EADDRINUSE) }
    return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
}

/// A port that was free a moment ago.
func freePort() throws -> Int {
    let (descriptor, port) = try listeningSocket()
    close(descriptor)
    return port
}

/// Connects to a port, or returns -1.
func connectedSocket(port: Int, blocking: Bool = true) -> Int32 {
    let kind = Int32(SOCK_STREAM.rawValue) | (blocking ? 0 : Int32(SOCK_NONBLOCK.rawValue))
    let descriptor = socket(AF_INET, kind, 0)
    var address = loopback(port: port)
    let result = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    if result == 0 || errno == EINPROGRESS { return descriptor }
    close(descriptor)
    return -1
}

/// Whether somebody listens on a port.
func accepts(port: Int) -> Bool {
    let descriptor = connectedSocket(port: port)
    guard descriptor >= 0 else { return false }
    close(descriptor)
    return true
}

private func loopback(port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
}

/// Something that listens like a broker and answers as a test wants.
///
/// One connection at a time, on a thread that ends with ``stop()``.
final class FakeBroker: Sendable {
    /// A packet: the first byte of its header, and what follows its length.
    struct Packet {
        let header: UInt8
        let body: [UInt8]

        var isConnect: Bool { header == 0x10 }
        var isSubscribe: Bool { header == 0x82 }
        /// The protocol level in CONNECT, behind the six bytes of the name.
        var level: UInt8 { body[6] }
    }

    let port: Int
    private let listener: Int32
    private let levelsSeen = Mutex<[UInt8]>([])

    /// - Parameter answer: what to send for a packet, or `nil` to hang up
    init(_ answer: @escaping @Sendable (Packet) -> [UInt8]?) throws {
        (listener, port) = try listeningSocket()
        Thread.detachNewThread { [listener, weak self] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { return }
                while let packet = readPacket(connection) {
                    if packet.isConnect { self?.levelsSeen.withLock { $0.append(packet.level) } }
                    guard let reply = answer(packet) else { break }
                    _ = reply.withUnsafeBytes { write(connection, $0.baseAddress, $0.count) }
                }
                close(connection)
            }
        }
    }

    deinit {
        stop()
    }

    /// The protocol levels that were asked for so far.
    var levels: [UInt8] { levelsSeen.withLock(\.self) }

    func stop() {
        // Lets accept return; the descriptor itself stays the thread's until then.
        shutdown(listener, Int32(SHUT_RDWR))
    }
}

private func readPacket(_ descriptor: Int32) -> FakeBroker.Packet? {
    guard let header = readBytes(descriptor, 1)?.first else { return nil }
    var length = 0
    var shift = 0
    repeat {
        guard let byte = readBytes(descriptor, 1)?.first else { return nil }
        length |= Int(byte & 0x7F) << shift
        shift += 7
        if byte < 0x80 { break }
    } while shift < 28
    guard let body = readBytes(descriptor, length) else { return nil }
    return FakeBroker.Packet(header: header, body: body)
}

private func readBytes(_ descriptor: Int32, _ count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
        let result = bytes.withUnsafeMutableBytes { buffer in
            read(descriptor, buffer.baseAddress.map { $0 + filled }, count - filled)
        }
        guard result > 0 else { return nil }
        filled += result
    }
    return bytes
}
