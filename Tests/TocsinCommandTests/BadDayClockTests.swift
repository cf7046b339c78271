import Foundation
import Testing
import TocsinTestSupport

/// Days on which the time of day does what it should not, or what it seldom does.
@Suite(.enabled(if: Mosquitto.isInstalled, "mosquitto is not installed"))
struct BadDayClockTests {
    /// A folder with a model of a frame a second, made once.
    private static let fastModel = Task {
        let folder = try TemporaryFolder()
        try await command(
            "simulate --devices pump:1 --duration 30m --period 1s -o train.csv",
            in: folder.url
        )
        try await command(
            "train --data train.csv --updates 5 --hidden 4 -o fast.safetensors",
            in: folder.url
        )
        return folder
    }

    @Test(
        .enabled(if: ShiftedClock.canBeMade, "needs clang"),
        arguments: [-3600, 86_400]
    )
    func `a clock that is set costs no sample, no state and no alert`(seconds: Int) async throws {
        let clock = try ShiftedClock()
        let folder = try await Self.fastModel.value
        let broker = try await Mosquitto()
        let daemon = try RunningDaemon(
            broker: broker.url,
            configuration: """
                streams:
                  - {name: plain, topic: "plain/{device}"}
                  - {name: timed, topic: "timed/{device}"}
                models: [{file: "\(folder.path("fast.safetensors"))"}]
                alerts: {silence: {after_periods: 1, at_least_seconds: 20}}

                """,
            environment: clock.environment
        )
        let program = try await daemon.startAndWait()
        let client = try await TestClient(broker)
        let channels = [
            "speed", "flow", "pressure", "motor_current", "bearing_temperature",
            "motor_temperature", "vibration",
        ]
        let values = channels.map { #""\#($0)":20"# }.joined(separator: ",")
        /// Sends until each device has so many frames more.
        func feed(frames more: Int) async throws {
            let wanted = try await frames() + 2 * more
            // `plain` has the time of arrival, `timed` its own, which nobody sets.
            try await eventually("\(more) frames", detail: { program.standardError }) {
                try await client.publish("plain/plain", "{\(values)}")
                let now = Date().timeIntervalSince1970 - 30
                try await client.publish("timed/timed", #"{"time":\#(now),\#(values)}"#)
                try await Task.sleep(for: .milliseconds(200))
                return try await frames() >= wanted
            }
        }
        func frames() async throws -> Int { try await daemon.status()["frames"] as? Int ?? 0 }

        try await feed(frames: 3)
        let last = try #require(client.messages("tocsin/devices/plain/score").last?.time)
        try clock.set(ahead: seconds)
        try await feed(frames: 4)
        try await program.wait(toSay: "the clock was set")
        let status = try await daemon.status()
        let dropped = try #require(status["dropped"] as? [String: Any])
        #expect(status["resets"] as? Int == 0)
        for cause in ["late", "unreadable"] {
            #expect(dropped[cause] as? Int == 0, "\(cause)")
        }
        #expect(!client.messages.contains { $0.topic.contains("/alert/silence") })
        let entries = program.errorLines.filter { $0.contains("the clock was set") }
        #expect(entries.count == 1)
        let words = seconds < 0 ? "set back by 1 h," : "set forward by 1 d,"
        #expect(entries.first?.contains(words) == true, "\(entries)")
        // What has no time of its own has the new one.
        let newest = try #require(client.messages("tocsin/devices/plain/score").last?.time)
        #expect(abs(newest - last - Double(seconds)) < 300)

        // And back: as if nothing had happened.
        try clock.set(ahead: 0)
        try await feed(frames: 3)
        #expect(try await daemon.status()["resets"] as? Int == 0)
        try await daemon.stop()
    }

    @Test func `the time zone is nobody's business`() async throws {
        let files = try await TrainedModel.files
        let folder = try TemporaryFolder()
        let rows = try String(contentsOf: files.table, encoding: .utf8).split(separator: "\n")
        let table = try folder.write(rows.prefix(300).joined(separator: "\n") + "\n", to: "t.csv")
        var outputs: Set<String> = []
        for zone in ["UTC", "Pacific/Kiritimati", "America/St_Johns", "XYZ-13:37", "nonsense"] {
            let outcome = try await BuiltBinary.run(
                ["score", "--model", files.model.path, "--data", table],
                environment: ["TZ": zone]
            )
            #expect(outcome.code == 0, "\(outcome.error)")
            #expect(outcome.output.contains("2026-01-01T00:00:00.000Z,"))
            outputs.insert(outcome.output)
        }
        #expect(outputs.count == 1)
    }

    @Test(arguments: [
        ["2028-02-28T23:59:30Z", "2028-02-29T00:00:00Z", "2028-02-29T00:00:30Z"],
        ["2028-02-29T23:59:30Z", "2028-03-01T00:00:00Z", "2028-03-01T00:00:30Z"],
        ["2027-02-28T23:59:30Z", "2027-03-01T00:00:00Z", "2027-03-01T00:00:30Z"],
        // A leap second, and what a clock that knows none says at the same time.
        [
            "2026-12-31T23:59:30Z", "2026-12-31T23:59:60Z", "2027-01-01T00:00:00Z",
            "2027-01-01T00:00:30Z",
        ],
    ])
    func `days and seconds that come only sometimes are steps like others`(
        times: [String]
    ) async throws {
        let files = try await TrainedModel.files
        let row = try #require(
            String(contentsOf: files.table, encoding: .utf8).split(separator: "\n").dropFirst()
                .first
        )
        let head = try #require(
            String(contentsOf: files.table, encoding: .utf8).split(separator: "\n").first
        )
        let rest = row.drop { $0 != "," }
        let folder = try TemporaryFolder()
        let table = try folder.write(
            head + "\n" + times.map { $0 + rest + "\n" }.joined(),
            to: "days.csv"
        )
        let outcome = try await BuiltBinary.run(
            ["score", "--model", files.model.path, "--data", table]
        )
        #expect(outcome.code == 0, "\(outcome.error)")
        let lines = outcome.output.split(separator: "\n")
        #expect(lines.count == 4, "\(outcome.output)")
        #expect(lines.last?.hasPrefix(times[times.count - 1].dropLast() + ".000Z") == true)
    }
}

extension TestClient.Message {
    /// The time that a score message has, in seconds since 1970.
    fileprivate var time: Double? {
        let object = try? JSONSerialization.jsonObject(with: Data(payload.utf8)) as? [String: Any]
        guard let text = object?["time"] as? String else { return nil }
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        return (try? style.parse(text))?.timeIntervalSince1970
    }
}
