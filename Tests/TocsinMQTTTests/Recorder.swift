import Foundation
import Synchronization
import Testing
import TocsinMQTT

/// Remembers what a client told, and lets a test wait for it.
final class Recorder: Sendable {
    struct Message: Equatable, Sendable {
        var topic: String
        var payload: [UInt8]
        var qos = MQTTQoS.atLeastOnce
        var isRetained = false
        var thread = "mqtt"
    }

    /// What was told so far.
    struct Record: Sendable {
        var messages: [Message] = []
        var events: [MQTTEvent] = []
        /// How many messages had come at each pause.
        var pauses: [Int] = []
        /// When each event was told.
        var times: [ContinuousClock.Instant] = []
        /// The time that the network thread had spent on a processor, at the last event.
        var threadTime: Duration = .zero

        var connects: Int {
            events.count { if case .connected = $0 { true } else { false } }
        }

        var failures: [MQTTError] {
            events.compactMap { if case .disconnected(let error, _) = $0 { error } else { nil } }
        }

        var subscribed: [[String]] {
            events.compactMap { if case .subscribed(let filters) = $0 { filters } else { nil } }
        }

        var published: [MQTTToken] {
            events.compactMap { if case .published(let token) = $0 { token } else { nil } }
        }

        var payloads: [String] { messages.map { String(decoding: $0.payload, as: UTF8.self) } }
    }

    private struct State {
        var record = Record()
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    var record: Record { state.withLock(\.record) }

    var handlers: MQTTClient.Handlers {
        MQTTClient.Handlers { [self] topic, payload, flags in
            let message = Message(
                topic: String(decoding: array(topic), as: UTF8.self),
                payload: array(payload),
                qos: flags.qos,
                isRetained: flags.isRetained,
                thread: threadName()
            )
            update { $0.messages.append(message) }
        } pause: { [self] in
            update { $0.pauses.append($0.messages.count) }
        } event: { [self] event in
            update {
                $0.events.append(event)
                $0.times.append(.now)
                $0.threadTime = threadTime()
            }
        }
    }

    /// Waits until the record is as wanted, and returns it.
    @discardableResult
    func wait(
        for what: String,
        within limit: Duration = .seconds(30),
        sourceLocation: SourceLocation = #_sourceLocation,
        until isWanted: @Sendable (Record) -> Bool
    ) async throws -> Record {
        let deadline = ContinuousClock.now + limit
        let alarm = Task {
            try await Task.sleep(for: limit)
            update { _ in }
        }
        defer { alarm.cancel() }
        while true {
            await withCheckedContinuation { continuation in
                state.withLock { state in
                    if isWanted(state.record) || ContinuousClock.now >= deadline {
                        continuation.resume()
                    } else {
                        state.waiters.append(continuation)
                    }
                }
            }
            // Looked at in its place: a copy that somebody holds would have the next message copy it all.
            let wanted = state.withLock { isWanted($0.record) ? $0.record : nil }
            if let wanted { return wanted }
            try #require(
                ContinuousClock.now < deadline,
                "waited for \(what) in vain: \(record)",
                sourceLocation: sourceLocation
            )
        }
    }

    private func update(_ change: (inout Record) -> Void) {
        let waiters = state.withLock { state in
            change(&state.record)
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}

private func array(_ span: Span<UInt8>) -> [UInt8] {
    span.withUnsafeBufferPointer { Array($0) }
}

private func threadName() -> String {
    let text = try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)
    return text?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
}

private func threadTime() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}
