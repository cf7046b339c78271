import Foundation
import TocsinCore
import TocsinFiles

/// The real data sets, which lie beside the project and not in it.
enum RealData {
    /// One row of a test table.
    struct Row {
        var time: Timestamp
        var isLabelled: Bool
    }

    private static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("shared/data")

    static var isThere: Bool { FileManager.default.fileExists(atPath: path("README.md")) }

    static func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    /// The rows of a labelled table.
    static func rows(_ path: String) throws -> [Row] {
        var reader = try CSVReader(try Files.readUnpacked(path))
        var rows: [Row] = []
        while let row = try reader.next() {
            rows.append(Row(time: row.time, isLabelled: (row.label ?? 0) > 0))
        }
        return rows
    }
}

/// How many labelled events had an alert raised inside them, and how many alerts were raised outside.
///
/// Anomaly and drift alerts count; an alert that was raised before an event and lasts into it does
/// not find it.
struct EventCount {
    private(set) var events = 0
    private(set) var found = 0
    private(set) var alerts = 0
    private(set) var falseAlerts = 0

    private struct Alert: Codable {
        var kind: String
        var state: String
        var time: String
    }

    /// Adds one series.
    mutating func add(_ payloads: [String], to rows: [RealData.Row]) throws {
        var intervals: [ClosedRange<Timestamp>] = []
        for (i, row) in rows.enumerated() where row.isLabelled {
            if i > 0, rows[i - 1].isLabelled, let last = intervals.last {
                intervals[intervals.count - 1] = last.lowerBound...max(last.upperBound, row.time)
            } else {
                intervals.append(row.time...row.time)
            }
        }
        let raised = try payloads.map {
            try JSONDecoder().decode(Alert.self, from: Data($0.utf8))
        }.filter { $0.state == "raised" && ["anomaly", "drift"].contains($0.kind) }
        let times = raised.compactMap { Timestamp(iso8601: $0.time) }
        events += intervals.count
        alerts += times.count
        found += intervals.count { interval in times.contains { interval.contains($0) } }
        falseAlerts += times.count { time in !intervals.contains { $0.contains(time) } }
    }

    func summary(_ name: String) -> String {
        "\(name): \(found) of \(events) labelled events found, \(alerts) alerts raised, "
            + "\(falseAlerts) of them false"
    }
}
