import Foundation
import Testing
import TocsinCore
import TocsinTestSupport

@testable import TocsinDaemon

/// What leaves the daemon, from a real model and a real table.
struct PayloadTests {
    /// A scored table of one pump, with a fault in its second half.
    private func scored(
        _ more: String = "",
        _ take: (borrowing Assessment) -> Void
    ) async throws -> OfflineScoring {
        let folder = try TemporaryFolder()
        try await command(
            "simulate --devices pump:1 --duration 1h --period 30s -o \(folder.path("t.csv")) \(more)"
        )
        let model = try Setup.loadModel(try await TrainedModel.files.model.path)
        let text = try Data(contentsOf: folder.url.appendingPathComponent("t.csv"))
        var reader = try CSVReader(Array(text))
        var scoring = try OfflineScoring(
            model: model,
            channels: reader.channels,
            policies: AlertPolicies()
        )
        while let row = try reader.next() { scoring.take(row, emit: take) }
        scoring.finish(emit: take)
        return scoring
    }

    private func object(_ line: [UInt8]) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
    }

    @Test func `a score has exactly the keys that were promised`() async throws {
        var lines: [[UInt8]] = []
        var sink = JSONLinesSink { lines.append($0) }
        let scoring = try await scored { sink.take($0) }
        #expect(lines.count == 120)
        #expect(scoring.counters.frames == 120)
        for line in lines {
            #expect(line.last == UInt8(ascii: "\n"))
            let score = try object(line)
            #expect(
                Set(score.keys) == [
                    "device", "time", "score", "novelty", "threshold", "tail_probability", "warm",
                    "channels", "expected", "imputed", "model",
                ]
            )
            #expect(score["threshold"] as? Int == 1)
        }
        let cold = try object(lines[0])
        #expect(cold["score"] is NSNull, "do not know")
        #expect(cold["warm"] as? Bool == false)
        let warm = try object(lines[119])
        #expect(warm["warm"] as? Bool == true)
        #expect(warm["score"] is NSNumber)
        #expect((warm["expected"] as? [String: Any])?.count == 7)
    }

    @Test func `an alert has the keys that were promised, and clearing its duration`() async throws
    {
        var lines: [[UInt8]] = []
        var sink = AlertLinesSink { lines.append($0) }
        _ = try await scored("--fault silence:pump-1@20m+10m offset:pump-1.flow@40m+5m*5") {
            sink.take($0)
        }
        let alerts = try lines.map(object)
        let common: Set<String> = [
            "id", "device", "kind", "state", "severity", "since", "time", "score", "peak",
            "channels",
            "model", "message",
        ]
        let raised = alerts.filter { $0["state"] as? String == "raised" }
        let cleared = alerts.filter { $0["state"] as? String == "cleared" }
        #expect(
            Set(raised.compactMap { $0["kind"] as? String }).isSuperset(of: ["silence", "anomaly"])
        )
        try #require(!cleared.isEmpty, "\(alerts)")
        for alert in raised {
            let extra: Set<String> = alert["kind"] as? String == "drift" ? ["cause"] : []
            #expect(Set(alert.keys) == common.union(extra))
            let channels = try #require(alert["channels"] as? [[String: Any]])
            #expect(channels.isEmpty == (alert["kind"] as? String == "silence"))
            let shares = channels.compactMap { $0["share"] as? Double }
            #expect(shares == shares.sorted(by: >))
            for channel in channels {
                #expect(
                    Set(channel.keys).subtracting(["cause"])
                        == ["channel", "share", "value", "expected", "unit"]
                )
            }
        }
        for alert in cleared {
            #expect(Set(alert.keys).subtracting(["cause"]) == common.union(["duration_s"]))
            #expect((alert["duration_s"] as? Double ?? 0) > 0)
            // The same from raising to clearing.
            #expect(raised.contains { $0["id"] as? String == alert["id"] as? String })
        }
    }

    @Test func `a table with none of the model's channels is refused`() async throws {
        let model = try Setup.loadModel(try await TrainedModel.files.model.path)
        #expect(throws: MissingChannels.self) {
            _ = try OfflineScoring(model: model, channels: ["colour"], policies: AlertPolicies())
        }
    }

    @Test func `a table in CSV has a row per frame and nothing where nothing is known`()
        async throws
    {
        var lines: [String] = []
        let model = try Setup.loadModel(try await TrainedModel.files.model.path)
        var sink = CSVSink(channels: model.channels) {
            lines.append(String(decoding: $0, as: UTF8.self))
        }
        _ = try await scored { sink.take($0) }
        #expect(lines.count == 121)
        let columns = lines[0].split(separator: ",").count
        #expect(columns == 6 + 7)
        for line in lines {
            #expect(line.split(separator: ",", omittingEmptySubsequences: false).count == columns)
        }
        #expect(lines[1].hasSuffix(",0,,,,,,,\n"))
    }

    @Test func `status, health and inspection are JSON with what was promised`() async throws {
        let model = try Setup.loadModel(try await TrainedModel.files.model.path)
        var fleet = Fleet()
        let now = Timestamp(microseconds: 1_767_225_600_000_000)
        _ = fleet.add("pump \"1\"", model: model, stream: 0, now: now)
        let figures = ShardFigures(
            devices: fleet.count,
            counted: fleet.counters,
            overflow: 3,
            redelivered: 8,
            outputDropped: 4,
            scoresThinned: 7,
            outbox: 5,
            alertsLost: 6,
            queueFill: 0.25
        )
        let report = StatusReport(
            figures: figures,
            isConnected: true,
            uptime: .seconds(90),
            now: now
        )
        let device = DeviceReport(policies: fleet.policies, streams: ["objects"], now: now)
        #expect(report.line == "1 devices, 0 alerts raised, 0 frames scored")
        let health = try object(report.health())
        #expect(
            Set(health.keys) == [
                "time", "version", "uptime_s", "connected", "devices", "messages", "messages_per_s",
                "frames", "frames_per_s", "resets", "dropped", "queue_fill", "outbox",
                "scoring_lag_s", "memory_bytes",
            ]
        )
        let dropped = try #require(health["dropped"] as? [String: Int])
        #expect(dropped["queue_full"] == 3)
        #expect(dropped["redelivered"] == 8)
        #expect(dropped["not_published"] == 4)
        #expect(dropped["scores_thinned"] == 7)
        #expect(dropped["alerts"] == 6)
        #expect(health["scoring_lag_s"] is NSNull)
        #expect((health["memory_bytes"] as? Int ?? 0) > 1_000_000)

        let status = try object(report.status(devices: fleet.devices.map { device.entry(of: $0) }))
        let devices = try #require(status["device_list"] as? [[String: Any]])
        #expect(devices.map { $0["device"] as? String } == ["pump \"1\""])
        #expect(devices[0]["last_sample"] is NSNull)

        let inspection = try object(device.state(of: fleet.devices[0]))
        #expect(inspection["stream"] as? String == "objects")
        #expect(inspection["hidden_norm"] is NSNull)
        #expect((inspection["channels"] as? [String: Any])?.count == 7)
    }
}
