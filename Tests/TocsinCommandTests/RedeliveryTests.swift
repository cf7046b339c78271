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

    /// A daemon behind a proxy that breaks, and somebody who listens at the broker.
    private struct Scene {
        private let broker: Mosquitto
        let proxy: Proxy
        let daemon: RunningDaemon
        let client: TestClient

        init(_ options: String = "  protocol: auto") async throws {
            broker = try await Mosquitto()
            proxy = try Proxy(to: broker.port)
            let address = "mqtt://127.0.0.1:\(proxy.port)"
            daemon = try RunningDaemon(
                broker: address,
                configuration: """
                    broker:
                      address: "\(address)"
                      keep_alive_seconds: 60
                    \(options)
                    models: [{file: "\(try await TrainedModel.quick.path)"}]
                    alerts: {silence: {after_periods: 1, at_least_seconds: 4}}

                    """
            )
            try await daemon.startAndWait()
            client = try await TestClient(broker, filters: ["tocsin/#"])
        }

        var alerts: [String] { client.messages("tocsin/alerts").map(\.payload) }

        func messages() async throws -> Int { try await daemon.status()["messages"] as? Int ?? 0 }

        func outbox() async throws -> Int { try await daemon.status()["outbox"] as? Int ?? 0 }

        /// A device that says something once, and of which an alert comes some seconds later.
        func speakOnce() async throws {
            try await client.publish("sensors/pump-1", #"{"flow":30}"#)
            try await eventually("a message") { try await messages() == 1 }
        }

        /// Ends the daemon's connection and waits for the next one, with a proxy that lets all through.
        func end(_ end: End) async throws {
            if end == .killed { try daemon.program.kill() }
            // The broker must have noticed before it can hear anything again.
            proxy.cut()
            try await Task.sleep(for: .milliseconds(300))
            proxy.setMute(false)
            proxy.setDeaf(false)
            if end == .killed {
                try await daemon.startAndWait()
            } else {
                try await daemon.program.wait(toSay: "session resumed")
            }
        }
    }

    @Test(arguments: End.allCases, ["3.1.1", "5"])
    func `a message that comes again is counted once, without a time of its own`(
        end: End,
        version: String
    ) async throws {
        let scene = try await Scene("  protocol: \"\(version)\"")
        let client = scene.client

        try await client.publish((0..<10).map { _ in ("sensors/pump-1/flow", "30") })
        try await eventually("ten messages") { try await scene.messages() == 10 }
        scene.proxy.setMute(true)
        // Ten of the same content, which only their identifiers tell apart.
        try await client.publish((0..<10).map { _ in ("sensors/pump-1/flow", "30") })
        try await eventually("twenty messages") { try await scene.messages() == 20 }
        try await scene.end(end)
        let before = end == .killed ? 0 : 20
        try await client.publish([("sensors/pump-1/flow", "31")])
        try await eventually("the next") { try await scene.messages() > before }
        try await Task.sleep(for: .milliseconds(300))
        let status = try await scene.daemon.status()
        #expect(status["messages"] as? Int == before + 1)
        #expect((status["dropped"] as? [String: Int])?["redelivered"] == 10)
        try await scene.daemon.stop()
    }

    @Test(arguments: End.allCases)
    func `an alert that arrived is not sent again, whatever became of the answer`(end: End)
        async throws
    {
        let scene = try await Scene()
        try await scene.speakOnce()
        // The answer is lost; the alert is not.
        scene.proxy.setDeaf(true)
        try await eventually("an alert", within: .seconds(60)) { scene.alerts.count == 1 }
        try await eventually("no answer") { try await scene.outbox() > 0 }
        try await scene.end(end)
        try await eventually("an empty outbox") { try await scene.outbox() == 0 }
        #expect(scene.alerts.count == 1, "\(scene.alerts)")
        try await scene.daemon.stop()
    }

    @Test(arguments: End.allCases)
    func `an alert that was lost on the way is sent again, once`(end: End) async throws {
        let scene = try await Scene()
        try await scene.speakOnce()
        scene.proxy.setMute(true)
        try await eventually("no answer", within: .seconds(60)) { try await scene.outbox() > 0 }
        #expect(scene.alerts.isEmpty)
        try await scene.end(end)
        try await eventually("an empty outbox") { try await scene.outbox() == 0 }
        try await eventually("the alert") { !scene.alerts.isEmpty }
        try await Task.sleep(for: .milliseconds(300))
        #expect(scene.alerts.count == 1, "\(scene.alerts)")
        try await scene.daemon.stop()
    }
}
