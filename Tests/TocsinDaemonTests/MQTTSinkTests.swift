import Foundation
import Logging
import Testing
import TocsinCore
import TocsinMQTT
import TocsinTestSupport

@testable import TocsinDaemon

@Suite(.enabled(if: Mosquitto.isInstalled, "mosquitto is not installed"))
struct MQTTSinkTests {
    /// Assessments of one pump, a frame every 30 seconds, with a fault that rings.
    private func assessments() async throws -> [Assessment] {
        let folder = try TemporaryFolder()
        try await command(
            "simulate --devices pump:1 --duration 1h --period 30s -o \(folder.path("t.csv")) "
                + "--fault offset:pump-1.pressure@40m+10m*5"
        )
        let model = try Setup.loadModel(try await TrainedModel.files.model.path)
        var reader = try CSVReader(
            Array(try Data(contentsOf: folder.url.appendingPathComponent("t.csv")))
        )
        var scoring = try OfflineScoring(
            model: model,
            channels: reader.channels,
            policies: AlertPolicies()
        )
        var found: [Assessment] = []
        while let row = try reader.next() { scoring.take(row) { found.append($0) } }
        scoring.finish { found.append($0) }
        return found
    }

    private func object(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test func `a hundred devices share the limit at the broker, and every alert arrives`()
        async throws
    {
        let assessments = try await assessments()
        let alerts = assessments.flatMap(\.alerts).count
        #expect(alerts > 0)
        let broker = try await Mosquitto()
        let witness = try await TestClient(broker)
        let client = try MQTTClient(
            MQTTClient.Options(address: .tcp(host: "127.0.0.1", port: broker.port)),
            handlers: .init(message: { _, _, _ in }, event: { _ in })
        )
        try client.start()
        try await eventually("connection") { client.statistics.activity == .connected }
        var output = Configuration.Output()
        // One a second: 100 devices of a frame every 30 seconds want 3.3.
        output.scores.perSecond = 1
        var sink = MQTTSink(
            client: client,
            notices: NoticeBoard(Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }),
            policy: PublishingPolicy(output)
        )
        for assessment in assessments {
            for device in 0..<100 {
                var copy = assessment
                copy.device = device
                copy.name = "device-\(device)"
                if device > 0 { copy.alerts = [] }
                sink.take(copy)
            }
        }
        sink.send()
        let sent = assessments.count * 100 - sink.thinned
        let messages = try await witness.wait(for: "scores and alerts") { messages in
            messages.count { $0.topic.hasSuffix("/score") } >= sent
                && messages.count { $0.topic == "tocsin/alerts" } >= alerts
        }
        let scores = messages.filter { $0.topic.hasSuffix("/score") }
        #expect(scores.count == sent)
        #expect(sink.dropped == 0)
        #expect(sink.thinned > assessments.count * 50)
        let seconds = Double(assessments.count) * 30
        #expect(Double(sent) > seconds * 0.8 && Double(sent) < seconds * 1.3, "\(sent)")
        for device in 0..<100 {
            let own = scores.count { $0.topic == "tocsin/devices/device-\(device)/score" }
            #expect(own >= sent / 200, "device-\(device) sent \(own) of \(sent)")
        }
        let some = try object(try #require(scores.last).payload)
        #expect(some["score"] is NSNumber && (some["device"] as? String) != nil)
        client.stop()
    }
}
