import Foundation
import Testing
import TocsinTestSupport

/// What a broker sends again because its acknowledgement was lost, and what the daemon does not.
@Suite(.enabled(if: Mosquitto.isInstalled, "mosquitto is not installed"))
struct RedeliveryTests {
    /// How a connection ends whose acknowledgements were lost.
    enum End: String, CaseIterable, CustomTestStringConvertible {
        case killed, cut

        var testDescription: String { rawValue }
    }

    private func daemon(_ proxy: Proxy, _ broker: String = "  protocol: auto") async throws
        -> RunningDaemon
    {
        try RunningDaemon(
            broker: "mqtt://127.0.0.1:\(proxy.port)",
            configuration: """
                broker:
                  address: "mqtt://127.0.0.1:\(proxy.port)"
                  keep_alive_seconds: 60
                \(broker)
                models: [{file: "\(try await TrainedModel.quick.path)"}]
                alerts: {silence: {after_periods: 1, at_least_seconds: 4}}

                """
        )
    }

    /// Ends the daemon's connection while nothing that it says arrives, and waits for the next one.
    private func end(_ end: End, _ daemon: RunningDaemon, _ proxy: Proxy) async throws {
        if end == .killed { try daemon.program.kill() }
        // The broker must have noticed before it can hear anything again.
        proxy.cut()
        try await Task.sleep(for: .milliseconds(300))
        proxy.setMute(false)
        if end == .killed {
            try await daemon.startAndWait()
        } else {
            try await daemon.program.wait(toSay: "session resumed")
        }
    }

    @Test(arguments: End.allCases, ["3.1.1", "5"])
    func `a message that comes again is counted once, without a time of its own`(
        end: End,
        version: String
    ) async throws {
        let broker = try await Mosquitto()
        let proxy = try Proxy(to: broker.port)
        let daemon = try await daemon(proxy, "  protocol: \"\(version)\"")
        try await daemon.startAndWait()
        let client = try await TestClient(broker)
        func count() async throws -> Int { try await daemon.status()["messages"] as? Int ?? 0 }

        try await client.publish((0..<10).map { _ in ("sensors/pump-1/flow", "30") })
        try await eventually("ten messages") { try await count() == 10 }
        proxy.setMute(true)
        // Ten of the same content, which only their identifiers tell apart.
        try await client.publish((0..<10).map { _ in ("sensors/pump-1/flow", "30") })
        try await eventually("twenty messages") { try await count() == 20 }
        try await self.end(end, daemon, proxy)
        let before = end == .killed ? 0 : 20
        try await client.publish([("sensors/pump-1/flow", "31")])
        try await eventually("the next") { try await count() > before }
        try await Task.sleep(for: .milliseconds(300))
        #expect(try await count() == before + 1)
        try await daemon.stop()
    }

    @Test(arguments: End.allCases)
    func `an alert that arrived is not sent again, whatever became of the answer`(end: End)
        async throws
    {
        let broker = try await Mosquitto()
        let proxy = try Proxy(to: broker.port)
        let daemon = try await daemon(proxy)
        try await daemon.startAndWait()
        let client = try await TestClient(broker, filters: ["tocsin/#"])
        func alerts() -> [String] { client.messages("tocsin/alerts").map(\.payload) }

        try await client.publish("sensors/pump-1", #"{"flow":30}"#)
        try await eventually("a message") { try await daemon.status()["messages"] as? Int == 1 }
        // The answer is lost; the alert is not.
        proxy.setDeaf(true)
        try await eventually("an alert", within: .seconds(60)) { alerts().count == 1 }
        try await eventually("no answer") { try await daemon.status()["outbox"] as? Int ?? 0 > 0 }
        if end == .killed { try daemon.program.kill() }
        proxy.cut()
        proxy.setDeaf(false)
        if end == .killed {
            try await daemon.startAndWait()
        } else {
            try await daemon.program.wait(toSay: "session resumed")
        }
        try await eventually("an empty outbox") {
            try await daemon.status()["outbox"] as? Int == 0
        }
        #expect(alerts().count == 1, "\(alerts())")
        try await daemon.stop()
    }

    @Test(arguments: End.allCases)
    func `an alert that was lost on the way is sent again, once`(end: End) async throws {
        let broker = try await Mosquitto()
        let proxy = try Proxy(to: broker.port)
        let daemon = try await daemon(proxy)
        try await daemon.startAndWait()
        let client = try await TestClient(broker, filters: ["tocsin/#"])
        func alerts() -> [String] { client.messages("tocsin/alerts").map(\.payload) }

        try await client.publish("sensors/pump-1", #"{"flow":30}"#)
        proxy.setMute(true)
        try await eventually("no answer", within: .seconds(60)) {
            try await daemon.status()["outbox"] as? Int ?? 0 > 0
        }
        #expect(alerts().isEmpty)
        try await self.end(end, daemon, proxy)
        try await eventually("an empty outbox") {
            try await daemon.status()["outbox"] as? Int == 0
        }
        try await eventually("the alert") { !alerts().isEmpty }
        try await Task.sleep(for: .milliseconds(300))
        #expect(alerts().count == 1, "\(alerts())")
        try await daemon.stop()
    }
}
