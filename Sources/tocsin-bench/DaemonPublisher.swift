import ArgumentParser
import Glibc

extension Bench {
    /// Publishes frames of a fleet at a rate, as cheaply as it can be done.
    ///
    /// It speaks MQTT 3.1.1 on a socket of its own: packets lie ready, only time and values are
    /// written into them, and what is due at one moment goes out in one write. Prints the seconds
    /// that it took.
    struct DaemonPublisher: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "daemon-publisher",
            abstract: "Publish frames at a rate; part of the measurement 'daemon'.",
            shouldDisplay: false
        )

        @Option var port: Int
        /// What stands before the device in the topic.
        @Option var prefix: String
        @Option var devices: Int
        @Option var channels: Int
        /// Messages a second.
        @Option var rate: Double
        @Option var messages: Int
        /// The event time of the first message, milliseconds since 1970.
        @Option var start: Int
        /// Between two messages of a device in event time, milliseconds.
        @Option var period: Int
        /// Messages that go out together at least.
        @Option var burst = 1

        func run() throws {
            let socket = try connectToBroker()
            defer { close(socket) }
            var packets = (0..<devices).map { FramePacket(prefix, device: $0, channels: channels) }
            var random: UInt64 = 1
            var buffer: [UInt8] = []
            let begin = monotonicSeconds()
            var sent = 0
            while sent < messages {
                let elapsed = monotonicSeconds() - begin
                let due = min(Int(elapsed * rate) + 1, messages)
                guard due - sent >= min(burst, messages - sent) else {
                    sleepUntil(begin + Double(sent + burst) / rate)
                    continue
                }
                buffer.removeAll(keepingCapacity: true)
                // Not more than the socket takes in a moment, so that a late start is not one burst.
                for message in sent..<min(due, sent + 512) {
                    let device = message % devices
                    let time = start + message / devices * period
                    buffer += packets[device].filled(time: time, &random)
                    sent += 1
                }
                try writeAll(buffer, socket)
            }
            print(monotonicSeconds() - begin)
        }

        private func connectToBroker() throws -> Int32 {
            let descriptor = loopbackConnection(port: port)
            guard descriptor >= 0 else { throw DaemonBenchError("no connection to port \(port)") }
            var one: Int32 = 1
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
            // CONNECT: protocol level 4, clean session, no keep-alive, the client's name.
            let connect: [UInt8] =
                [0x10, 16, 0, 4] + Array("MQTT".utf8) + [4, 2, 0, 0, 0, 4] + Array("load".utf8)
            try writeAll(connect, descriptor)
            var answer = [UInt8](repeating: 0, count: 4)
            guard recv(descriptor, &answer, 4, Int32(MSG_WAITALL)) == 4,
                answer == [0x20, 2, 0, 0]
            else { throw DaemonBenchError("the broker does not accept the load") }
            return descriptor
        }

        private func writeAll(_ bytes: [UInt8], _ descriptor: Int32) throws {
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
                guard count > 0 else { throw DaemonBenchError("the broker hung up") }
                rest = rest.dropFirst(count)
            }
        }

        private func monotonicSeconds() -> Double {
            var time = timespec()
            clock_gettime(CLOCK_MONOTONIC, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
        }

        private func sleepUntil(_ seconds: Double) {
            var time = timespec()
            time.tv_sec = Int(seconds)
            time.tv_nsec = Int((seconds - Double(time.tv_sec)) * 1e9)
            clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil)
        }
    }
}

/// A PUBLISH packet of one device: a JSON object of a time and some channels of four decimals.
private struct FramePacket {
    private var bytes: [UInt8]
    /// Where the time's digits begin, and each channel's.
    private let timeAt: Int
    private let valuesAt: [Int]

    init(_ prefix: String, device: Int, channels: Int) {
        let topic = Array("\(prefix)/device-\(device)".utf8)
        var payload = Array(#"{"time":"#.utf8)
        let timeAt = payload.count
        payload += Array("0000000000.000".utf8)
        var valuesAt: [Int] = []
        for channel in 0..<channels {
            payload += Array(#","c\#(channel)":0."#.utf8)
            valuesAt.append(payload.count)
            payload += Array("0000".utf8)
        }
        payload += Array("}".utf8)
        var length = 2 + topic.count + payload.count
        var head: [UInt8] = [0x30]
        repeat {
            head.append(UInt8(length % 128) | (length >= 128 ? 0x80 : 0))
            length /= 128
        } while length > 0
        head += [UInt8(topic.count >> 8), UInt8(topic.count & 255)] + topic
        bytes = head + payload
        self.timeAt = head.count + timeAt
        self.valuesAt = valuesAt.map { head.count + $0 }
    }

    /// The packet with a time, in milliseconds since 1970, and values drawn anew.
    mutating func filled(time: Int, _ random: inout UInt64) -> [UInt8] {
        write(time / 1000, digits: 10, at: timeAt)
        write(time % 1000, digits: 3, at: timeAt + 11)
        for place in valuesAt {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            write(Int(random >> 33) % 10_000, digits: 4, at: place)
        }
        return bytes
    }

    private mutating func write(_ number: Int, digits: Int, at place: Int) {
        var rest = number
        for i in (0..<digits).reversed() {
            bytes[place + i] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
    }
}
