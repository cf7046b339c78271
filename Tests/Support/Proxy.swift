import Foundation
import Synchronization

/// Stands between a client and a broker, and does to their connection what networks do.
///
/// Listens on a port of its own until the last reference goes. What it does not pass on it keeps, as a
/// network does that is slow; nobody is told.
public final class Proxy: Sendable {
    /// Where it listens.
    public let port: Int
    private let core: Core

    /// What its threads share.
    fileprivate final class Core: Sendable {
        struct State {
            var bytesPerSecond: Int?
            var isOver = false
            /// Whether what the client says is lost on the way.
            var isMute = false
            /// Whether what the broker says is lost on the way.
            var isDeaf = false
            /// Towards the broker.
            var upstream: [Int32] = []
        }
        let target: Int
        let state = Mutex(State())

        init(target: Int) { self.target = target }
    }

    /// A proxy in front of the broker on this port.
    public init(to target: Int) throws {
        let listener: Int32
        (listener, port) = try listeningSocket()
        let core = Core(target: target)
        self.core = core
        Thread.detachNewThread {
            defer { close(listener) }
            while !core.state.withLock(\.isOver) {
                guard isReadable(listener) else { continue }
                let client = accept(listener, nil, nil)
                guard client >= 0 else { return }
                let broker = connectedSocket(port: core.target)
                guard broker >= 0 else {
                    close(client)
                    continue
                }
                core.state.withLock { $0.upstream.append(broker) }
                core.pump(client, broker)
            }
        }
    }

    deinit {
        core.state.withLock { $0.isOver = true }
    }

    /// Passes on so many bytes a second in each direction; `nil` for all there are.
    public func limit(bytesPerSecond: Int?) {
        core.state.withLock { $0.bytesPerSecond = bytesPerSecond }
    }

    /// Loses on the way what the client says, or passes it on again.
    public func setMute(_ isMute: Bool) {
        core.state.withLock { $0.isMute = isMute }
    }

    /// Loses on the way what the broker says, or passes it on again.
    public func setDeaf(_ isDeaf: Bool) {
        core.state.withLock { $0.isDeaf = isDeaf }
    }

    /// Ends all connections.
    public func cut() {
        core.state.withLock { state in
            for broker in state.upstream { shutdown(broker, Int32(SHUT_RDWR)) }
        }
    }

    /// Sends the broker something that the client does not know of, on the newest connection.
    public func inject(_ bytes: [UInt8]) {
        let newest = core.state.withLock { $0.upstream.last }
        guard let newest else { return }
        _ = bytes.withUnsafeBytes { send(newest, $0.baseAddress, $0.count, noSignal) }
    }
}

private let noSignal = Int32(MSG_NOSIGNAL)

extension Proxy.Core {
    /// Passes on in both directions until one side hangs up; then both connections end.
    fileprivate func pump(_ client: Int32, _ broker: Int32) {
        let counter = Counter(left: 2)
        for (source, sink) in [(client, broker), (broker, client)] {
            Thread.detachNewThread { [self] in
                copy(from: source, to: sink, isClient: source == client)
                shutdown(client, Int32(SHUT_RDWR))
                shutdown(broker, Int32(SHUT_RDWR))
                guard counter.isLast() else { return }
                state.withLock { $0.upstream.removeAll { $0 == broker } }
                close(client)
                close(broker)
            }
        }
    }

    private func copy(from source: Int32, to sink: Int32, isClient: Bool) {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        while true {
            let (isOver, rate) = state.withLock { ($0.isOver, $0.bytesPerSecond) }
            guard !isOver else { return }
            guard isReadable(source) else { continue }
            // Ten pieces a second.
            let most = rate.map { max($0 / 10, 1) } ?? bytes.count
            let count = recv(source, &bytes, min(most, bytes.count), 0)
            guard count > 0 else { return }
            if rate != nil { Thread.sleep(forTimeInterval: 0.1) }
            if state.withLock({ isClient ? $0.isMute : $0.isDeaf }) { continue }
            var sent = 0
            while sent < count {
                let result = bytes.withUnsafeBytes {
                    send(sink, $0.baseAddress.map { $0 + sent }, count - sent, noSignal)
                }
                guard result > 0 else { return }
                sent += result
            }
        }
    }
}

/// Tells the last of several threads.
private final class Counter: Sendable {
    private let left: Mutex<Int>

    init(left: Int) { self.left = Mutex(left) }

    func isLast() -> Bool {
        left.withLock { left in
            left -= 1
            return left == 0
        }
    }
}

/// Whether there is something to read, or to accept, within a tenth of a second.
private func isReadable(_ descriptor: Int32) -> Bool {
    var set = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&set, 1, 100) > 0
}
