import Foundation
import Testing
import TocsinTestSupport

@Suite(.enabled(if: Mosquitto.isInstalled, "mosquitto is not installed"))
struct RecordTests {
    @Test func `what is recorded is replayed as it was`() async throws {
        let broker = try await Mosquitto()
        let folder = try TemporaryFolder()
        let recorder = try BuiltBinary.start(
            [
                "record", "--broker", broker.url, "--topic", "a/#", "--count", "30", "-o",
                folder.path("r.jsonl"),
            ]
        )
        let client = try await TestClient(broker, filters: ["a/#"])
        var sent: [String] = []
        // Until it is subscribed nobody knows whether a message will be recorded.
        while recorder.isRunning {
            let payload = sent.count % 3 == 0 ? "text \"\(sent.count)\"\n\u{1}ü" : "\(sent.count)"
            sent.append(payload)
            try await client.publish("a/ü/\(sent.count % 4)", payload)
        }
        #expect(try await recorder.wait() == 0)
        #expect(recorder.standardError == "tocsin: 30 messages recorded\n")
        let text = try String(contentsOfFile: folder.path("r.jsonl"), encoding: .utf8)
        #expect(text.split(separator: "\n").count == 30)

        let listener = try await TestClient(broker, filters: ["a/#"])
        try await command(
            "replay --data \(folder.path("r.jsonl")) --speed 0 --broker \(broker.url)"
        )
        try await listener.wait(for: "messages") { $0.count >= 30 }
        let all = client.messages.map(\.payload)
        let replayed = listener.messages
        let first = try #require(all.firstIndex(of: replayed[0].payload))
        #expect(replayed.map(\.payload) == Array(all[first..<first + 30]))
        #expect(replayed.map(\.topic) == Array(client.messages[first..<first + 30].map(\.topic)))
    }

    @Test func `a table is replayed as objects or as numbers`() async throws {
        let broker = try await Mosquitto()
        let folder = try TemporaryFolder()
        try folder.write(
            "timestamp,device,a,b\n2026-01-01T00:00:00Z,x,1,2.5\n2026-01-01T00:00:01.5Z,y,,3\n",
            to: "t.csv"
        )
        let client = try await TestClient(broker, filters: ["#"])
        try await command("replay --data \(folder.path("t.csv")) --speed 0 --broker \(broker.url)")
        let arguments = [
            "replay", "--data", folder.path("t.csv"), "--speed", "0", "--format", "number",
            "--topic", "n/{device}/{channel}", "--broker", broker.url,
        ]
        #expect(try await BuiltBinary.run(arguments).code == 0)
        try await client.wait(for: "messages") { $0.count >= 5 }
        #expect(
            client.messages.map { "\($0.topic) \($0.payload)" } == [
                #"sensors/x {"time":1767225600000000,"a":1,"b":2.5}"#,
                #"sensors/y {"time":1767225601500000,"b":3}"#,
                "n/x/a 1.0", "n/x/b 2.5", "n/y/b 3.0",
            ]
        )
    }

    @Test func `a damaged recording is named with its line`() async throws {
        let broker = try await Mosquitto()
        let folder = try TemporaryFolder()
        try folder.write(
            #"{"time":"2026-01-01T00:00:00Z","topic":"a","payload":"1"}"# + "\nnonsense\n",
            to: "r.jsonl"
        )
        let outcome = try await BuiltBinary.run(
            ["replay", "--data", folder.path("r.jsonl"), "--speed", "0", "--broker", broker.url]
        )
        #expect(outcome.code == 65)
        #expect(outcome.error.contains("r.jsonl': line 2: "))
    }

    @Test func `a simulation is published as it would be written`() async throws {
        let broker = try await Mosquitto()
        let client = try await TestClient(broker, filters: ["sensors/#"])
        try await command(
            "simulate --devices room:2 --period 60s --duration 10m --publish --speed 0 "
                + "--broker \(broker.url)"
        )
        try await client.wait(for: "rows") { $0.count >= 20 }
        #expect(client.messages.count == 20)
        #expect(Set(client.messages.map(\.topic)) == ["sensors/room-1", "sensors/room-2"])
    }
}
