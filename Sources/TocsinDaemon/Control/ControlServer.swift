import CLinux
import Glibc
import TocsinThreads

/// Answers questions on a UNIX socket: a line comes, a line of JSON goes back.
///
/// `status`, or `inspect DEVICE`. Only the daemon's user and group may ask, and nothing can be
/// changed by asking. One thread serves all clients. It listens to some at a time, and each has a
/// second to ask; when all seats are taken by clients that say nothing, the oldest has to go. So
/// nobody can keep others from asking, or take the daemon's descriptors, by connecting.
struct ControlServer: Sendable {
    private let descriptor: Int32
    /// Where it listens.
    let path: String
    private let conductor: Mailbox<Event>
    private let complain: @Sendable (String) -> Void
    /// How long a client may take to ask, and to listen.
    private static let patience = Duration.seconds(1)
    /// How many clients may be about to ask.
    private static let seats = 16

    /// Begins to listen; a socket that nobody listens to any more is replaced, and nothing else.
    ///
    /// - Parameter complain: gets why somebody was turned away
    init(
        path: String,
        conductor: Mailbox<Event>,
        complain: @escaping @Sendable (String) -> Void = { _ in }
    ) throws(ControlError) {
        self.path = path
        self.conductor = conductor
        self.complain = complain
        if let other = try? ControlClient(path: path) {
            other.close()
            throw ControlError(path: path, call: "bind", code: EADDRINUSE)
        }
        var status = stat()
        if unsafe lstat(path, &status) == 0 {
            // Whatever else is there, somebody may want to keep.
            guard status.st_mode & S_IFMT == S_IFSOCK else {
                throw ControlError(path: path, call: "bind", code: EEXIST)
            }
            unsafe unlink(path)
        }
        descriptor = try openSocket(path)
        // Not even for a moment wider than it will be: the file takes its mode from the socket.
        fchmod(descriptor, 0o660)
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
            var guests: [ControlGuest] = []
            while true { serve(&guests) }
        }
    }

    /// Takes the socket away.
    func remove() {
        unsafe unlink(path)
    }

    /// Waits until something happens, and deals with it.
    private func serve(_ guests: inout [ControlGuest]) {
        var set = [pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)]
        set += guests.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        let timeout = guests.first.map { max($0.deadline - .now, .milliseconds(1)).pollTimeout }
        guard unsafe poll(&set, UInt(set.count), timeout ?? -1) >= 0 else { return }
        var waiting: [ControlGuest] = []
        for (guest, state) in zip(guests, set.dropFirst()) {
            var guest = guest
            if state.revents != 0 { guest.listen() }
            if let line = guest.line {
                answer(line, guest.descriptor)
                guest.leave()
            } else if guest.isGone || guest.deadline <= .now {
                send(refusal, guest.descriptor)
                guest.leave()
            } else {
                waiting.append(guest)
            }
        }
        guests = waiting
        if set[0].revents != 0 { admit(&guests) }
    }

    private func admit(_ guests: inout [ControlGuest]) {
        let client = accept(descriptor, nil, nil)
        guard client >= 0 else {
            guard errno != EINTR else { return }
            // Out of descriptors or memory: the next try must not be at once.
            complain(unsafe "accept: \(String(cString: strerror(errno)))")
            if guests.isEmpty { usleep(100_000) } else { guests.removeFirst().leave() }
            return
        }
        limitWaiting(client, to: Self.patience)
        if guests.count == Self.seats {
            complain("\(Self.seats) clients ask nothing")
            guests.removeFirst().leave()
        }
        guests.append(ControlGuest(descriptor: client, deadline: .now + Self.patience))
    }

    private var refusal: [UInt8] {
        Array(#"{"error":"expected 'status' or 'inspect DEVICE'"}"#.utf8)
    }

    private func answer(_ line: String, _ client: Int32) {
        guard let request = request(line) else { return send(refusal, client) }
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
}

/// A client that has connected and not asked yet.
private struct ControlGuest {
    let descriptor: Int32
    /// Until when it may ask.
    let deadline: ContinuousClock.Instant
    /// What it asked, once it has.
    private(set) var line: String?
    /// Whether no question will come: it closed, or said what is no line of text.
    private(set) var isGone = false
    private var bytes: [UInt8] = []
    private static let longest = 1000

    init(descriptor: Int32, deadline: ContinuousClock.Instant) {
        self.descriptor = descriptor
        self.deadline = deadline
    }

    /// Takes in what it has said.
    mutating func listen() {
        var buffer: [UInt8] = Array(repeating: 0, count: Self.longest - bytes.count)
        let count = unsafe buffer.withUnsafeMutableBytes { buffer in
            unsafe recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
        }
        guard count > 0 else {
            isGone = count == 0 || (errno != EAGAIN && errno != EINTR)
            return
        }
        bytes += buffer[..<count]
        if let end = bytes.firstIndex(of: UInt8(ascii: "\n")) {
            line = String(validating: bytes[..<end], as: UTF8.self)
            isGone = line == nil
        } else {
            isGone = bytes.count == Self.longest
        }
    }

    /// Ends the connection.
    consuming func leave() {
        Glibc.close(descriptor)
    }
}
