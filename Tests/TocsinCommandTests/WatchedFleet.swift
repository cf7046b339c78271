import Foundation
import Testing
import TocsinTestSupport

/// A daemon with five devices, for tests that take its broker away and count its alerts.
///
/// The devices speak once, one after the other, and fall silent: an alert each, which needs no broker to
/// be raised. When they speak again, the alerts are over.
struct WatchedFleet {
    let daemon: RunningDaemon
    let devices = (1...5).map { "pump-\($0)" }

    /// A fleet's alert, as it was published.
    struct Bell: Hashable, CustomStringConvertible {
        let device: String
        let id: String
        let state: String

        var description: String { "\(device) \(state)" }
    }

    /// - Parameters:
    ///   - address: of the broker
    ///   - broker: more lines of that section
    init(_ address: String, broker: String = "", prefix: [String] = []) async throws {
        daemon = try RunningDaemon(
            broker: address,
            prefix: prefix,
            configuration: """
                broker:
                  address: "\(address)"
                  keep_alive_seconds: 5
                \(broker)
                models: [{file: "\(try await TrainedModel.quick.path)"}]
                alerts: {silence: {after_periods: 2, at_least_seconds: 2}}

                """
        )
    }

    /// Lets every device speak once.
    func speak(by client: TestClient) async throws {
        for device in devices {
            try await client.publish("sensors/\(device)", #"{"flow":30}"#)
        }
    }

    /// Waits until the daemon has taken in as many messages.
    func waitForMessages(_ count: Int) async throws {
        try await daemon.wait(for: "\(count) messages") { ($0["messages"] as? Int ?? 0) >= count }
    }

    /// The silences among the alerts that a client has seen, in order, as often as it saw them.
    func bells(_ client: TestClient) throws -> [Bell] {
        try client.messages("tocsin/alerts").compactMap { message in
            let object = try JSONSerialization.jsonObject(with: Data(message.payload.utf8))
            guard let alert = object as? [String: Any], alert["kind"] as? String == "silence" else {
                return nil
            }
            return Bell(
                device: try #require(alert["device"] as? String),
                id: try #require(alert["id"] as? String),
                state: try #require(alert["state"] as? String)
            )
        }
    }

    /// Waits until a client has seen an alert of every device, or its end.
    func wait(for state: String, by client: TestClient) async throws {
        try await eventually(state, detail: { "\((try? bells(client)) ?? [])" }) {
            Set(try bells(client).filter { $0.state == state }.map(\.device)).count == devices.count
        }
    }

    /// Holds what a client saw against what must be: each alert and each end once by its id, in order.
    ///
    /// - Returns: how often a client got something that it had got already
    func expectEachOnce(_ client: TestClient, sourceLocation: SourceLocation = #_sourceLocation)
        throws -> Int
    {
        let all = try bells(client)
        var seen: Set<Bell> = []
        let distinct = all.filter { seen.insert($0).inserted }
        for state in ["raised", "cleared"] {
            #expect(
                distinct.filter { $0.state == state }.map(\.device) == devices,
                sourceLocation: sourceLocation
            )
        }
        // The same condition has one id from its beginning to its end.
        #expect(Set(distinct.map(\.id)).count == devices.count, sourceLocation: sourceLocation)
        return all.count - distinct.count
    }
}

/// What a program spends while something lasts.
struct Expense {
    private let program: RunningProgram
    private let begin = ContinuousClock.now
    private let time: Duration
    private let descriptors: Int

    init(_ program: RunningProgram) {
        self.program = program
        time = program.processorTime
        descriptors = program.descriptors
    }

    /// Holds it against what it may be: no busy loop, no descriptor more than before.
    ///
    /// A test's program is one without optimiser, and looks at the clock four times a second: that costs
    /// 1 % of a processor. A busy loop would take all of one.
    ///
    /// - Parameter isTrying: whether it may be amid an attempt to connect, at either end of the time
    func expectLittle(
        _ name: String,
        isTrying: Bool = false,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let spent = program.processorTime - time
        let elapsed = begin.duration(to: .now)
        print("\(name): \(spent) of processor time in \(elapsed)")
        #expect(spent < .milliseconds(150) + elapsed / 20, sourceLocation: sourceLocation)
        var more = program.descriptors - descriptors
        // One that is just being closed is no leak.
        for _ in 0..<5 where more != 0 {
            usleep(100_000)
            more = program.descriptors - descriptors
        }
        #expect(isTrying ? (-1...1).contains(more) : more == 0, sourceLocation: sourceLocation)
    }
}
