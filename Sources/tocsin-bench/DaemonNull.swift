import ArgumentParser
import CMosquitto
import Glibc

extension Bench {
    /// The least that a subscriber can do with libmosquitto: one thread in the library's own loop,
    /// and a callback that copies topic and payload and returns.
    struct DaemonNull: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "daemon-null",
            abstract: "Receive and do nothing; part of the measurement 'daemon'.",
            shouldDisplay: false
        )

        @Option var port: Int
        @Option var filter: String
        /// Where the number of messages received so far stands, eight bytes.
        @Option var counter: String

        func run() throws {
            let state = UnsafeMutablePointer<DaemonNullState>.allocate(capacity: 1)
            state.initialize(
                to: DaemonNullState(
                    received: try sharedCounter(counter),
                    copy: .allocate(byteCount: 1 << 20, alignment: 64)
                )
            )
            guard mosquitto_lib_init() == 0, let handle = mosquitto_new("null", true, state)
            else { throw DaemonBenchError("mosquitto_new") }
            mosquitto_message_callback_set(handle) { _, object, message in
                guard let state = object?.assumingMemoryBound(to: DaemonNullState.self),
                    let message = message?.pointee
                else { return }
                let topic = strlen(message.topic)
                guard topic + Int(message.payloadlen) <= 1 << 20 else { return }
                memcpy(state.pointee.copy, message.topic, topic)
                if let payload = message.payload {
                    memcpy(state.pointee.copy + topic, payload, Int(message.payloadlen))
                }
                state.pointee.received.pointee += 1
            }
            guard mosquitto_connect(handle, "127.0.0.1", Int32(port), 60) == 0,
                mosquitto_subscribe(handle, nil, filter, 0) == 0
            else { throw DaemonBenchError("no connection to port \(port)") }
            // The first answer means that the broker knows the filter.
            mosquitto_subscribe_callback_set(handle) { _, object, _, _, _ in
                object?.assumingMemoryBound(to: DaemonNullState.self).pointee.received.pointee = 0
            }
            while mosquitto_loop(handle, 1000, 1) == 0 {}
            throw DaemonBenchError("the broker is gone")
        }
    }
}

/// What the callback of the null subscriber works on.
private struct DaemonNullState {
    var received: UnsafeMutablePointer<Int64>
    var copy: UnsafeMutableRawPointer
}

/// A number in a file that two processes see; -1 at first.
func sharedCounter(_ path: String) throws -> UnsafeMutablePointer<Int64> {
    let descriptor = open(path, O_RDWR | O_CREAT, 0o600)
    defer { close(descriptor) }
    guard descriptor >= 0, ftruncate(descriptor, 8) == 0,
        let place = mmap(nil, 8, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0),
        place != MAP_FAILED
    else { throw DaemonBenchError("\(path): cannot be mapped") }
    return place.bindMemory(to: Int64.self, capacity: 1)
}
