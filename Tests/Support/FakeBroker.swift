import Foundation
import Synchronization

/// Something that listens like a broker and answers as a test wants.
///
/// One connection at a time, on a thread that ends with ``stop()``.
public final class FakeBroker: Sendable {
    /// A packet: the first byte of its header, and what follows its length.
    public struct Packet {
        public let header: UInt8
        public let body: [UInt8]

        public var isConnect: Bool { header == 0x10 }
        var isPing: Bool { header == 0xC0 }
        public var isSubscribe: Bool { header == 0x82 }
        /// The protocol level in CONNECT, behind the six bytes of the name.
        public var level: UInt8 { body[6] }
    }

    public let port: Int
    private let listener: Int32
    private let levelsSeen = Mutex<[UInt8]>([])

    /// - Parameter answer: what to send for a packet, or `nil` to hang up
    public init(_ answer: @escaping @Sendable (Packet) -> [UInt8]?) throws {
        (listener, port) = try listeningSocket()
        Thread.detachNewThread { [listener, weak self] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { return }
                while let packet = readPacket(connection) {
                    if packet.isConnect { self?.levelsSeen.withLock { $0.append(packet.level) } }
                    // A ping is answered by any broker: a slow machine must not look like a dead one.
                    guard let reply = packet.isPing ? [0xD0, 0] : answer(packet) else { break }
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
    public var levels: [UInt8] { levelsSeen.withLock(\.self) }

    public func stop() {
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
