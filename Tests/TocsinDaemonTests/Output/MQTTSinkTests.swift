import Foundation
import Logging
import Testing
import TocsinCore
import TocsinMQTT
import TocsinTestSupport
import TocsinThreads

@testable import TocsinDaemon

@Suite(.enabled(if: Mosquitto.isInstalled, "mosquitto is not installed"))
struct MQTTSinkTests {
    /// The rows of one pump, every 30 seconds, with a fault that rings, and what scores them.
    private func rows() async throws -> (model: Model, channels: [String], rows: [CSVReader.Row]) {
        let folder = try TemporaryFolder()
        try await command(
            "simulate --devices pump:1 --duration 1h --period 30s -o \(folder.path("t.csv")) "
                + "--fault offset:pump-1.pressure@40m+10m*5"
        )
        let model = try Setup.loadModel(try await TrainedModel.files.model.path)
        var reader = try CSVReader(
            Array(try Data(contentsOf: folder.url.appendingPathComponent("t.csv")))
        )
        var rows: [CSVReader.Row] = []
        while let row = try reader.next() { rows.append(row) }
        return (model, reader.channels, rows)
    }

    private func object(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test func `a hundred devices share the limit at the broker, and every alert arrives`()
        async throws
    {
        let (model, channels, rows) = try await rows()
        let broker = try await Mosquitto()
        let witness = try await TestClient(broker)
        let settled = try Mailbox<MQTTEvent>()
        let ring = ByteRing(bytes: 8 << 20)
        let client = try MQTTClient(
            MQTTClient.Options(address: .tcp(host: "127.0.0.1", port: broker.port)),
            posts: [ring],
            handlers: .init(message: { _, _, _ in }, event: { settled.put($0) })
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
        var scoring = try OfflineScoring(
            model: model,
            channels: channels,
            policies: AlertPolicies()
        )
        var (frames, alerts) = (0, 0)
        for var row in rows {
            for device in 0..<100 {
                row.device = "device-\(device)"
                scoring.take(row) {
                    if $0.isOfFrame { frames += 1 }
                    alerts += $0.alerts.count
                    sink.take($0)
                }
            }
        }
        #expect(alerts > 0)
        #expect(client.statistics.sent == 0, "nothing leaves before its batch is finished")
        ring.show()
        client.sendPosts()
        while sink.outbox.letters.contains(where: { $0.token == nil }) {
            sink.send()
            for event in settled.take() {
                if case .published(let token) = event { sink.settle(token, nil) }
            }
            try await Task.sleep(for: .milliseconds(1))
        }
        let sent = frames - sink.thinned
        let messages = try await witness.wait(for: "scores and alerts") { messages in
            messages.count { $0.topic.hasSuffix("/score") } >= sent
                && messages.count { $0.topic == "tocsin/alerts" } >= alerts
        }
        let scores = messages.filter { $0.topic.hasSuffix("/score") }
        #expect(scores.count == sent)
        #expect(sink.refused == 0 && client.statistics.lostPosts == 0)
        #expect(sink.thinned > frames / 2)
        let seconds = Double(rows.count) * 30
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
