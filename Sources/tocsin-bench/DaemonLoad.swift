import FoundationEssentials
import Glibc
import TocsinCore
import TocsinDaemon
import TocsinFiles
import TocsinNN
import TocsinThreads

/// A broker with a daemon and a null subscriber, and what is played to them.
struct DaemonLoad {
    /// Who receives.
    enum Target: String, CaseIterable {
        case null
        case daemon
    }

    /// What became of some seconds of load.
    struct Trial {
        var sent: Int
        var received: Int
        var lost: Int { sent - received }
        /// Whether the publisher kept its rate, and everything had arrived a moment after its end.
        var keptUp: Bool
        /// Processor time per message received.
        var microseconds: Double
        /// How long after the publisher's end the last message had been taken in, seconds.
        var behind: Double
    }

    private let children: DaemonChildren
    private let devices: Int
    private let channels: Int
    private let period: Int
    private let burst: Int
    private let port: Int
    private var processes: [Target: pid_t]
    private let program: String
    private let counter: UnsafeMutablePointer<Int64>
    /// Ticks that each has seen: event time must not go back.
    private var ticks: [Target: Int] = [:]
    private let start: Int

    /// Starts everything, and waits until both are subscribed.
    ///
    /// - Parameters:
    ///   - period: between two messages of a device in event time, milliseconds
    ///   - configuration: lines for the daemon's
    init(
        _ children: DaemonChildren,
        devices: Int,
        channels: Int,
        period: Int,
        burst: Int,
        program: String?,
        configuration: String
    ) throws {
        self.children = children
        self.devices = devices
        self.channels = channels
        self.period = period
        self.burst = burst
        port = try freePort()
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        start = now.tv_sec * 1000
        let own = try Self.ownPath()
        let folder = children.folder
        try Self.write(
            """
            listener \(port) 127.0.0.1
            allow_anonymous true
            user root
            log_dest none
            max_queued_messages 100000

            """,
            "\(folder)/mosquitto.conf"
        )
        _ = try children.start(
            "mosquitto",
            "/usr/sbin/mosquitto",
            ["-c", "\(folder)/mosquitto.conf"]
        )
        try Self.wait("the broker") { [port] in accepts(port) }

        try Self.writeModel(devices: devices, channels: channels, period: period, to: folder)
        try Self.write(
            """
            broker: {address: "mqtt://127.0.0.1:\(port)", client_id: daemon}
            streams: [{topic: "daemon/{device}", format: json}]
            models: [{file: m1.safetensors}]
            intake: {devices: \(devices + 1), furthest_ahead_seconds: 31536000}
            alerts: {silence: {at_least_seconds: 31536000}}
            state: {directory: .}
            control: {socket: control.sock}
            \(configuration)

            """,
            "\(folder)/tocsin.yaml"
        )
        self.program = program ?? own.replacing("tocsin-bench", with: "tocsin")
        let daemon = try children.start(
            "tocsin",
            self.program,
            ["run", "--config", "\(folder)/tocsin.yaml"]
        )
        let counter = try sharedCounter("\(folder)/null")
        counter.pointee = -1
        let null = try children.start(
            "null",
            own,
            ["daemon-null", "--port", "\(port)", "--filter", "null/#"]
                + ["--counter", "\(folder)/null"]
        )
        self.counter = counter
        processes = [.daemon: daemon, .null: null]
        try Self.wait("the null subscriber") { counter.pointee == 0 }
        try Self.wait("the daemon\n\(children.log("tocsin"))") {
            children.log("tocsin").contains("subscribed")
        }
    }

    /// Plays until every device's model is warm and every buffer has its size.
    mutating func warmUp(rate: Double, of targets: [Target] = Target.allCases) throws {
        for target in targets {
            let messages = max(Double(devices * 50), rate * 2)
            _ = try play(to: target, rate: rate, seconds: messages / rate)
        }
    }

    /// Plays so many seconds of messages, and waits until they have arrived or are lost.
    mutating func play(to target: Target, rate: Double, seconds: Double) throws -> Trial {
        let messages = Int(rate * seconds)
        let before = try received(target)
        let timeBefore = processorSeconds(target)
        let log = "publisher"
        truncate("\(children.folder)/\(log).log", 0)
        let pid = try children.start(
            log,
            try Self.ownPath(),
            [
                "daemon-publisher", "--port", "\(port)", "--prefix", target.rawValue, "--devices",
                "\(devices)", "--channels", "\(channels)", "--rate", "\(rate)", "--messages",
                "\(messages)", "--period", "\(period)", "--burst", "\(burst)", "--start",
                "\(start + ticks[target, default: 0] * period)",
            ]
        )
        guard children.wait(pid) else { throw DaemonBenchError(children.log(log)) }
        ticks[target, default: 0] += (messages + devices - 1) / devices
        let end = ContinuousClock.now
        // What is on its way may arrive.
        DedicatedThread.sleep(.milliseconds(100))
        let time = processorSeconds(target) - timeBefore
        var found = try received(target) - before
        let took = Double(children.log(log).trimming()) ?? .infinity
        let keptUp = found == messages && took < seconds * 1.02 + 0.02
        var last = -1
        var behind = (ContinuousClock.now - end).seconds
        while found < messages, found != last {
            behind = (ContinuousClock.now - end).seconds
            last = found
            DedicatedThread.sleep(.milliseconds(300))
            found = try received(target) - before
        }
        return Trial(
            sent: messages,
            received: found,
            keptUp: keptUp,
            microseconds: time * 1e6 / Double(found),
            behind: behind
        )
    }

    /// The highest rate at which nothing is lost and nothing piles up, to about 2 %.
    mutating func highestRate(of target: Target, from first: Double) throws -> Double {
        var good = 0.0
        var rate = first
        var step = 1.25
        for _ in 0..<24 {
            var isGood = false
            // A stall of the machine is not the subscriber's.
            for _ in 0..<2 where !isGood {
                isGood = try play(to: target, rate: rate, seconds: 1.5).keptUp
            }
            if isGood {
                good = rate
                rate *= step
            } else {
                guard step > 1.02 else { break }
                step = step.squareRoot()
                rate = good == 0 ? rate / 2 : good * step
            }
        }
        return good
    }

    /// What the daemon takes up.
    struct Footprint {
        /// Resident memory, bytes.
        var resident = 0
        var descriptors = 0
    }

    /// What the daemon takes up now.
    func footprint() throws -> Footprint {
        guard let pid = processes[.daemon] else { throw DaemonBenchError("no daemon") }
        let statm = String(decoding: try Files.read("/proc/\(pid)/statm"), as: UTF8.self)
        let pages = statm.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        var descriptors = 0
        for number in 0..<4096 {
            var status = stat()
            if lstat("/proc/\(pid)/fd/\(number)", &status) == 0 { descriptors += 1 }
        }
        return Footprint(
            resident: pages * sysconf(Int32(_SC_PAGESIZE)),
            descriptors: descriptors
        )
    }

    /// Stops the daemon and starts it again; how long until it is subscribed, in seconds, and how many
    /// devices it knows then.
    mutating func restart() throws -> (seconds: Double, devices: Int) {
        guard let pid = processes[.daemon] else { throw DaemonBenchError("no daemon") }
        kill(pid, SIGTERM)
        guard children.wait(pid) else { throw DaemonBenchError(children.log("tocsin")) }
        let begin = ContinuousClock.now
        processes[.daemon] = try children.start(
            "again",
            program,
            ["run", "--config", "\(children.folder)/tocsin.yaml"]
        )
        let deadline = begin + .seconds(60)
        while !children.log("again").contains("subscribed") {
            guard .now < deadline else { throw DaemonBenchError(children.log("again")) }
            DedicatedThread.sleep(.milliseconds(5))
        }
        return ((ContinuousClock.now - begin).seconds, try health().devices)
    }

    /// The daemon's own account.
    func account() throws -> String {
        let health = try health()
        let dropped = health.dropped.filter { $0.value > 0 }.sorted { $0.key < $1.key }
        return "daemon: \(health.messages) messages, \(health.frames) frames, dropped: "
            + (dropped.isEmpty
                ? "nothing" : dropped.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
    }

    private struct Health: Decodable {
        var messages: Int
        var frames: Int
        var devices: Int
        var dropped: [String: Int]
    }

    private func health() throws -> Health {
        let client = try ControlClient(path: "\(children.folder)/control.sock")
        let answer = try client.ask("status")
        client.close()
        return try JSONDecoder().decode(Health.self, from: Data(answer))
    }

    private func received(_ target: Target) throws -> Int {
        target == .null ? Int(counter.pointee) : try health().messages
    }

    private func processorSeconds(_ target: Target) -> Double {
        var clock = clockid_t()
        var time = timespec()
        guard let pid = processes[target], clock_getcpuclockid(pid, &clock) == 0 else {
            return .nan
        }
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    private static func writeModel(devices: Int, channels: Int, period: Int, to folder: String)
        throws
    {
        let load = FrameLoad(
            cell: .lstm,
            hidden: 64,
            channels: channels,
            devices: devices,
            layers: 2,
            period: .milliseconds(period)
        )
        var random = SeededGenerator(seed: 2)
        let golden = (0..<32 * channels).map { _ in random.uniform() }
        let bytes = try ModelFile.encode(try load.model(), golden: golden)
        try Files.write(bytes, to: "\(folder)/m1.safetensors")
    }

    private static func write(_ text: String, _ path: String) throws {
        try Files.write(Array(text.utf8), to: path)
    }

    private static func ownPath() throws -> String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0 else { throw DaemonBenchError("/proc/self/exe: cannot be read") }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func wait(_ what: String, until isDone: () -> Bool) throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while !isDone() {
            guard .now < deadline else { throw DaemonBenchError("waited in vain for \(what)") }
            DedicatedThread.sleep(.milliseconds(20))
        }
    }
}

extension String {
    fileprivate func trimming() -> String {
        String(prefix { !$0.isNewline })
    }
}

extension Duration {
    fileprivate var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
