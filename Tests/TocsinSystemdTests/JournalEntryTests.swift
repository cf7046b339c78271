import Logging
import Testing

@testable import TocsinSystemd

extension JournalEntry {
    /// The fields as journald gets them.
    var fields: [String] {
        zip([0] + ends, ends).map { String(decoding: bytes[$0..<$1], as: UTF8.self) }
    }
}

func event(
    _ message: Logger.Message,
    level: Logger.Level = .warning,
    metadata: Logger.Metadata? = nil,
    error: (any Error)? = nil
) -> LogEvent {
    LogEvent(
        level: level,
        message: message,
        error: error,
        metadata: metadata,
        source: nil,
        file: "TocsinDaemon/Shards/Shard.swift",
        function: "drain()",
        line: 42
    )
}

struct JournalEntryTests {
    @Test func `an entry has these fields`() {
        let metadata: Logger.Metadata = [
            "TOCSIN_DEVICE": "pump-4", "MESSAGE_ID": "7d1b6a0e5c6f4e0c9c0b8d0f6a3e2b11",
            "request-id": "\(17)",
        ]
        let entry = JournalEntry(event("a\nb"), metadata: metadata, identifier: "tocsin")
        #expect(
            entry.fields == [
                "MESSAGE=a\nb", "PRIORITY=4", "SYSLOG_IDENTIFIER=tocsin",
                "CODE_FILE=TocsinDaemon/Shards/Shard.swift", "CODE_LINE=42", "CODE_FUNC=drain()",
                "MESSAGE_ID=7d1b6a0e5c6f4e0c9c0b8d0f6a3e2b11", "TOCSIN_DEVICE=pump-4",
                "REQUEST_ID=17",
            ]
        )
    }

    @Test(arguments: [
        (Logger.Level.trace, 7), (.debug, 7), (.info, 6), (.notice, 5), (.warning, 4), (.error, 3),
        (.critical, 2),
    ])
    func `levels become the numbers of syslog`(level: Logger.Level, number: Int) {
        let entry = JournalEntry(event("x", level: level), metadata: [:], identifier: "t")
        #expect(entry.fields[1] == "PRIORITY=\(number)")
    }

    @Test(arguments: [
        ("TOCSIN_DEVICE", "TOCSIN_DEVICE"), ("device", "DEVICE"), ("a.b-c", "A_B_C"),
        ("_UID", "FIELD__UID"), ("1st", "FIELD_1ST"), ("größe", "GR__E"), ("", "FIELD_"),
        ("message", "FIELD_MESSAGE"), ("code_line", "FIELD_CODE_LINE"),
        ("MESSAGE_ID", "MESSAGE_ID"),
        (String(repeating: "x", count: 66), String(repeating: "X", count: 64)),
        (String(repeating: "1", count: 64), "FIELD_" + String(repeating: "1", count: 58)),
    ])
    func `a key becomes a name that journald does not drop`(key: String, name: String) {
        #expect(fieldName(key) == name)
    }

    @Test func `control characters do not make a blob of a message`() {
        var entry = JournalEntry()
        entry.append("A", "nul\0 esc\u{1B} c1\u{85} tab\t line\n ü €")
        #expect(entry.fields == ["A=nul\u{FFFD} esc\u{FFFD} c1\u{FFFD} tab\t line\n ü €"])
    }

    @Test func `bytes that are not UTF-8 have been replaced by the time they are text`() {
        var entry = JournalEntry()
        entry.append("A", String(decoding: [0x61, 0xFF, 0x62], as: UTF8.self))
        #expect(entry.fields == ["A=a\u{FFFD}b"])
    }

    @Test func `a value is cut where it becomes too long, between characters`() {
        var entry = JournalEntry()
        entry.append("A", String(repeating: "€", count: 100_000))
        entry.append("B", "b")
        #expect(entry.bytes.count <= JournalEntry.longestValue + 10)
        #expect(entry.fields[0].hasSuffix("€…"))
        #expect(String(validating: entry.bytes, as: UTF8.self) != nil)
        #expect(entry.fields[1] == "B=b")
    }

    @Test func `an error that was logged is a field`() {
        struct Failure: Error, CustomStringConvertible { var description: String { "no" } }
        let entry = JournalEntry(event("x", error: Failure()), metadata: [:], identifier: "t")
        #expect(entry.fields.last == "TOCSIN_ERROR=no")
    }

    @Test func `sending where nobody listens is no error`() {
        #expect(JournalEntry(event("x"), metadata: [:], identifier: "tocsin-tests").send() == 0)
    }
}
