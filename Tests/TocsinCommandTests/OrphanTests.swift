import Foundation
import Testing
import TocsinTestSupport

/// What becomes of the alerts of a device that nobody judges any more after a restart.
@Suite(.enabled(if: Mosquitto.isInstalled, "mosquitto is not installed"))
struct OrphanTests {
    @Test(arguments: [true, false])
    func `what was raised is over, and the broker keeps it no more as raised`(isKilled: Bool)
        async throws
    {
        let broker = try await Mosquitto()
        let model = try await TrainedModel.quick.path
        func configuration(_ device: String) -> String {
            """
            broker: {address: "\(broker.url)"}
            models: [{device: "\(device)", file: "\(model)"}]
            alerts: {silence: {after_periods: 1, at_least_seconds: 1}}

            """
        }
        let daemon = try RunningDaemon(broker: broker.url, configuration: configuration("*"))
        try await daemon.startAndWait()
        let client = try await TestClient(broker, filters: ["tocsin/#"])
        for pump in ["pump-1", "pump-2"] {
            try await client.publish("sensors/\(pump)", #"{"flow":30}"#)
        }
        try await eventually("alerts", within: .seconds(60)) {
            client.messages("tocsin/alerts").count == 2
        }
        try await eventually("an empty outbox") { try await daemon.status()["outbox"] as? Int == 0 }
        if isKilled {
            try daemon.program.kill()
        } else {
            try await daemon.stop()
            // The service manager keeps nothing of a service that was stopped.
            daemon.manager.forget()
        }
        try daemon.configure(configuration("pump-2"))
        let program = try await daemon.startAndWait()
        let topic = "tocsin/devices/pump-1/alert/silence"
        try await client.wait(for: "the end") { _ in client.messages(topic).count == 2 }
        #expect(client.messages(topic).last?.payload.contains(#""state":"cleared""#) == true)
        let alerts = client.messages("tocsin/alerts").map(\.payload)
        #expect(alerts.count == 3 && alerts[2].contains(#""device":"pump-1""#), "\(alerts)")
        let ids = try alerts.map { try #require($0.firstMatch(of: /"id":"[^"]*"/)?.output) }
        #expect(ids.count { $0 == ids[2] } == 2)
        #expect(program.standardError.contains("pump-1: silence is over"))
        try await daemon.stop()
    }
}
