import CLinux
import Glibc
import TocsinThreads

/// Answers questions on a UNIX socket: a line comes, a line of JSON goes back.
///
/// `status`, or `inspect DEVICE`. The folder's permissions say who may ask; nothing can be changed
/// by asking. One thread serves one client after another, and waits for none of them longer than two
/// seconds to ask or to listen.
struct ControlServer: Sendable {
    private let descriptor: Int32
    /// Where it listens.
    let path: String
    private let conductor: Mailbox<Event>
    /// How long a client may take to ask, and to listen.
    private static let patience = Duration.seconds(1)

    /// Begins to listen; a socket that nobody listens to any more is replaced.
    init(path: String, conductor: Mailbox<Event>) throws(ControlError) {
        self.path = path
        self.conductor = conductor
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
        limitWaiting(client, to: Self.patience)
        guard let line = readLine(client), let request = request(line) else {
            send(Array(#"{"error":"expected 'status' or 'inspect DEVICE'"}"#.utf8), client)
            return
        }
        do {
            let reply = try Reply()
            conductor.put(.request(request, reply))
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
        let deadline = ContinuousClock.now + Self.patience
        while !rest.isEmpty, .now < deadline {
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
        let deadline = ContinuousClock.now + Self.patience
        while line.count < 1000, .now < deadline {
            var byte: UInt8 = 0
            guard unsafe read(client, &byte, 1) == 1 else { return nil }
            if byte == UInt8(ascii: "\n") { return String(validating: line, as: UTF8.self) }
            line.append(byte)
        }
        return nil
    }
}
