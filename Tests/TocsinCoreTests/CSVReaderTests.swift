import Testing

@testable import TocsinCore

struct CSVReaderTests {
    private func rows(_ text: String, ignoring: Set<String> = []) throws -> [CSVReader.Row] {
        var reader = try CSVReader(text.bytes, ignoring: ignoring)
        var rows: [CSVReader.Row] = []
        while let row = try reader.next() { rows.append(row) }
        return rows
    }

    @Test func `a table of the shared format is read`() throws {
        let text = """
            timestamp,a,b,label
            2026-01-01T00:00:00Z,1,-2.5e1,0
            2026-01-01T00:00:01Z,,3,1

            """
        let reader = try CSVReader(text.bytes)
        #expect(reader.channels == ["a", "b"])
        #expect(reader.hasLabels && !reader.hasDevices)
        let rows = try rows(text)
        #expect(rows.map(\.time) == [.at(0), .at(1)])
        #expect(rows.map(\.line) == [2, 3])
        #expect(rows.map(\.label) == [0, 1])
        #expect(rows.map(\.device) == ["", ""])
        #expect(rows[0].values == [1, -25])
        #expect(rows[1].values[0].isNaN && rows[1].values[1] == 3)
    }

    @Test(arguments: [
        "timestamp,a\r\n2026-01-01T00:00:00Z,1\r\n2026-01-01T00:00:01Z,2\r\n",
        "\u{FEFF}timestamp,a\n2026-01-01T00:00:00Z,1\n2026-01-01T00:00:01Z,2",
        "timestamp,a\n\n2026-01-01T00:00:00Z,1\n\n2026-01-01T00:00:01Z,2\n\n",
        "timestamp, a \n1767225600,1\n1767225601000,2\n",
        "\"timestamp\",\"a\"\n2026-01-01 00:00:00, 1 \n2026-01-01 01:00:01+01:00,+2\n",
    ])
    func `line ends, byte order marks and times of other programs are understood`(
        text: String
    ) throws {
        let rows = try rows(text)
        #expect(try CSVReader(text.bytes).channels == ["a"])
        #expect(rows.map(\.time) == [.at(0), .at(1)])
        #expect(rows.map(\.values) == [[1], [2]])
    }

    @Test func `a channel's name may hold spaces`() throws {
        #expect(
            try CSVReader("timestamp, motor current ,b\n".bytes).channels == ["motor current", "b"]
        )
    }

    @Test func `a device's name shows nothing that a terminal would obey`() throws {
        let rows = try rows("timestamp,device,a\n1767225600,p\u{0}\u{1B}[2J,1\n")
        #expect(rows.map(\.device) == ["p\u{FFFD}\u{FFFD}[2J"])
    }

    @Test func `several devices stand in one table`() throws {
        let rows = try rows("timestamp,device,a\n1767225600,p1,1\n1767225600,p2,2\n")
        #expect(rows.map(\.device) == ["p1", "p2"])
    }

    @Test func `ignored columns are context`() throws {
        let text = "timestamp,a,x,label\n1767225600,1,anything,0\n"
        let reader = try CSVReader(text.bytes, ignoring: ["x", "label"])
        #expect(reader.channels == ["a"])
        #expect(!reader.hasLabels)
        #expect(try rows(text, ignoring: ["x", "label"]).map(\.values) == [[1]])
    }

    @Test func `an empty field is a missing value, and so is an empty label`() throws {
        let rows = try rows("timestamp,a,b,label\n1767225600,,NaN,\n1767225601,null,1e999,1\n")
        let values = rows.flatMap(\.values)
        #expect(values.allSatisfy { $0.isNaN })
        #expect(rows.map(\.label) == [nil, 1])
    }

    @Test(arguments: [
        ("", CSVError(line: 1, problem: .noTimestamp)),
        ("\u{FEFF}", CSVError(line: 1, problem: .noTimestamp)),
        ("time,a\n", CSVError(line: 1, problem: .noTimestamp)),
        ("timestamp\n", CSVError(line: 1, problem: .noChannels)),
        ("timestamp,label\n", CSVError(line: 1, problem: .noChannels)),
        ("timestamp,a,,b\n", CSVError(line: 1, problem: .emptyName(column: 3))),
        ("timestamp,a,a\n", CSVError(line: 1, problem: .doubleName("a"))),
        ("timestamp,a,label,label\n", CSVError(line: 1, problem: .doubleName("label"))),
        ("timestamp,device,device,a\n", CSVError(line: 1, problem: .doubleName("device"))),
        (
            "timestamp,a,b\n1767225600,1\n",
            CSVError(line: 2, problem: .fields(found: 2, expected: 3))
        ),
        (
            "timestamp,a\n1767225600,1\n\n1767225600,1,2\n",
            CSVError(line: 4, problem: .fields(found: 3, expected: 2))
        ),
        (
            "timestamp,a\n1767225600,\n1767225600\n",
            CSVError(line: 3, problem: .fields(found: 1, expected: 2))
        ),
        ("timestamp,a\r\nyesterday,1\r\n", CSVError(line: 2, problem: .time)),
        ("timestamp,a\n,1\n", CSVError(line: 2, problem: .time)),
        ("timestamp,a,b\n1767225600,1,x\n", CSVError(line: 2, problem: .number(column: "b"))),
        ("timestamp,a\n1767225600,\"1\"\n", CSVError(line: 2, problem: .number(column: "a"))),
        (
            "timestamp,a,label\n1767225600,1,bad\n",
            CSVError(line: 2, problem: .number(column: "label"))
        ),
    ])
    func `what is wrong is told with its line`(text: String, error: CSVError) {
        #expect(throws: error) { try rows(text) }
        #expect(error.description.hasPrefix("line \(error.line): "))
    }

    @Test func `progress goes from the header to the end`() throws {
        var reader = try CSVReader("timestamp,a\n1767225600,1\n".bytes)
        #expect(reader.progress > 0 && reader.progress < 1)
        while try reader.next() != nil {}
        #expect(reader.progress == 1)
    }
}
