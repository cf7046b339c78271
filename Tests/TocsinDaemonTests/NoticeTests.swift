import Foundation
import Logging
import Synchronization
import Testing

@testable import TocsinCore
@testable import TocsinDaemon

/// One of each, with `variant` in what comes from outside.
private func everyNotice(_ variant: String = "a") -> [Notice] {
    let alert = Alert(
        id: "x",
        device: variant,
        kind: .anomaly,
        state: .raised,
        isReminder: false,
        severity: .warning,
        since: Timestamp(microseconds: 0),
        time: Timestamp(microseconds: 1_000_000),
        score: 1.5,
        peak: 2,
        driftCause: nil,
        channels: [
            .init(channel: "c", share: 1, value: 2, expected: 1, unit: "V", cause: nil)
        ],
        model: "m"
    )
    return [
        .started(devices: 1, models: 2), .stopping,
        .connected(address: variant, version: "5", sessionPresent: true),
        .disconnected(address: variant, reason: "r"), .deaf(address: variant),
        .brokerDropped(messages: 1), .publishRefused(reason: "r"),
        .filterRefused(filter: variant, reason: "r"),
        .messageSkipped(topic: variant, reason: "r"), .deviceWithoutModel(device: variant),
        .unknownChannel(device: variant, channel: "c"), .anomaly(alert), .drift(alert),
        .fault(alert), .silence(alert), .cleared(alert), .stateReset(device: variant),
        .stateRestored(devices: 1, refused: 1), .stateUnusable(reason: "r"),
        .stateNotSaved(reason: "r"), .reloaded(kept: 1, reset: 1), .reloadRefused(reason: "r"),
        .needsRestart(keys: "k"), .queueOverflow(messages: 1),
        .outputDropped(reason: "r", total: 1),
        .tooManyDevices(limit: 1), .controlUnavailable(reason: "r"), .controlBusy(reason: "r"),
        .clockSet(by: .seconds(-3600)),
    ]
}

/// Entries that a board wrote.
private final class Entries: Sendable {
    struct Entry: Sendable {
        var level: Logger.Level
        var text: String
        var fields: [String: String]
    }

    private let written = Mutex<[Entry]>([])
    private let time = Mutex(ContinuousClock.now)

    var all: [Entry] { written.withLock(\.self) }

    func pass(_ span: Duration) { time.withLock { $0 += span } }

    func board() -> NoticeBoard {
        NoticeBoard(Logger(label: "test") { _ in Handler(entries: self) }) {
            self.time.withLock(\.self)
        }
    }

    private struct Handler: LogHandler {
        let entries: Entries
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        func log(event: LogEvent) {
            let entry = Entry(
                level: event.level,
                text: "\(event.message)",
                fields: (event.metadata ?? [:]).mapValues(\.description)
            )
            entries.written.withLock { $0.append(entry) }
        }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
    }
}

struct NoticeTests {
    @Test func `every notice has an identifier of its own`() {
        let identifiers = everyNotice().map(\.identifier)
        #expect(Set(identifiers).count == identifiers.count)
        for identifier in identifiers {
            #expect(identifier.wholeMatch(of: /[0-9a-f]{32}/) != nil, "\(identifier)")
        }
    }

    @Test func `every notice has one entry in the catalogue, with what to do, and no other has`()
        throws
    {
        let entries = try repositoryFile("systemd/tocsin.catalog").split(separator: "-- ")
        var identifiers: [String] = []
        for entry in entries {
            let lines = entry.split(separator: "\n", omittingEmptySubsequences: false)
            identifiers.append(String(lines[0]))
            #expect(lines[1].hasPrefix("Subject: "), "\(lines[0])")
            #expect(lines[2] == "Defined-By: tocsin", "\(lines[0])")
            #expect(lines[3].isEmpty, "\(lines[0])")
            #expect(lines[4].count > 10, "\(lines[0]): no remedy")
        }
        #expect(identifiers.sorted() == everyNotice().map(\.identifier).sorted())
        let source = try repositoryFile("Sources/TocsinDaemon/Notice.swift")
        let listed = source.matches(of: /"([0-9a-f]{32})"/).map { String($0.output.1) }
        #expect(identifiers.sorted() == listed.sorted(), "one is missing in this test")
    }

    @Test func `the catalogue fills in only fields that there are`() throws {
        let entries = Entries()
        let board = entries.board()
        for notice in everyNotice() { board.post(notice) }
        let catalogue = try repositoryFile("systemd/tocsin.catalog")
        for entry in entries.all {
            let identifier = try #require(entry.fields["MESSAGE_ID"])
            let text = try #require(catalogue.split(separator: "-- \(identifier)").last)
                .split(separator: "\n-- ")[0]
            for match in text.matches(of: /@([A-Z_]+)@/) {
                #expect(
                    entry.fields[String(match.output.1)] != nil,
                    "\(match.output.0) of \(identifier)"
                )
            }
        }
        #expect(entries.all.count == everyNotice().count)
    }

    @Test func `every notice is one line`() {
        for notice in everyNotice() { #expect(!"\(notice.text)".contains("\n")) }
    }

    @Test func `a notice per message is said at once, then once a minute with a count`() {
        let entries = Entries()
        let board = entries.board()
        for _ in 0..<500 { board.post(.messageSkipped(topic: "a", reason: "r")) }
        board.post(.messageSkipped(topic: "b", reason: "r"))
        #expect(entries.all.map(\.text) == ["'a': r, skipping", "'b': r, skipping"])
        #expect(entries.all[0].fields["TOCSIN_TOPIC"] == "a")
        entries.pass(.seconds(61))
        board.post(.messageSkipped(topic: "a", reason: "s"))
        board.post(.messageSkipped(topic: "b", reason: "s"))
        #expect(
            entries.all.suffix(2).map(\.text) == [
                "'a': s, skipping (and 499 more in the last minute)", "'b': s, skipping",
            ]
        )
        #expect(entries.all[2].fields["TOCSIN_SUPPRESSED"] == "499")
    }

    @Test func `names from outside fill neither the memory nor the journal`() {
        let entries = Entries()
        let board = entries.board()
        for i in 0..<50_000 { board.post(.messageSkipped(topic: "\(i)", reason: "r")) }
        #expect(entries.all.count == 1_001)
        // A minute later there is room for new ones.
        entries.pass(.seconds(61))
        board.post(.messageSkipped(topic: "new", reason: "r"))
        board.post(.messageSkipped(topic: "newer", reason: "r"))
        #expect(entries.all.suffix(2).map { $0.fields["TOCSIN_TOPIC"] } == ["new", "newer"])
    }

    @Test func `alerts are never left out`() {
        let entries = Entries()
        let board = entries.board()
        for _ in 0..<100 {
            for notice in everyNotice() {
                if case .anomaly = notice { board.post(notice) }
            }
        }
        #expect(entries.all.count == 100)
        let fields = entries.all[0].fields
        for name in [
            "TOCSIN_DEVICE", "TOCSIN_ALERT_KIND", "TOCSIN_ALERT_ID", "TOCSIN_STATE",
            "TOCSIN_SEVERITY",
            "TOCSIN_SCORE", "TOCSIN_THRESHOLD", "TOCSIN_SINCE", "TOCSIN_CHANNEL", "MESSAGE_ID",
        ] {
            #expect(fields[name]?.isEmpty == false, "\(name)")
        }
    }
}
