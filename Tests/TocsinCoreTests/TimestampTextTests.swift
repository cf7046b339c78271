import Testing

@testable import TocsinCore

struct TimestampTextTests {
    /// Seconds since 1970 by `date -u -d TEXT +%s`.
    static let known: [(text: String, seconds: Int64)] = [
        ("1970-01-01T00:00:00.000Z", 0),
        ("1969-12-31T23:59:59.000Z", -1),
        ("1900-03-01T00:00:00.000Z", -2_203_891_200),
        ("2000-02-29T12:34:56.000Z", 951_827_696),
        ("2024-02-29T23:59:59.000Z", 1_709_251_199),
        ("2026-11-21T09:48:00.000Z", 1_795_254_480),
        ("2100-02-28T23:59:59.000Z", 4_107_542_399),
        ("2100-03-01T00:00:00.000Z", 4_107_542_400),
        ("9999-12-31T23:59:59.000Z", 253_402_300_799),
    ]

    @Test(arguments: known)
    func `a date is read and written as the system's own calendar has it`(
        text: String,
        seconds: Int64
    ) {
        let time = Timestamp(microseconds: seconds * 1_000_000)
        #expect(time.description == text)
        #expect(Timestamp(iso8601: text) == time)
    }

    @Test func `a date is read if it exists`() {
        var days = 0
        for year in 1900..<2300 {
            for month in 0...13 {
                for day in month == 2 ? 27...32 : 30...32 {
                    let (m, d) = ("\(month + 100)".dropFirst(), "\(day + 100)".dropFirst())
                    let text = "\(year)-\(m)-\(d)T09:48:00.000Z"
                    guard let time = Timestamp(iso8601: text) else { continue }
                    days += 1
                    if time.description != text { Issue.record("\(text): \(time)") }
                }
            }
        }
        // 146,097 days in 400 years, less the first ones of each month.
        #expect(days == 146_097 - 400 * (11 * 29 + 26))
    }

    @Test func `no byte at its place may be another`() {
        let text = "2026-11-21T09:48:05".bytes
        for i in text.indices {
            for byte in UInt8.min...UInt8.max where byte != text[i] {
                var changed = text
                changed[i] = byte
                let time = Timestamp(iso8601: changed.span)
                if i == 10 {
                    #expect((time != nil) == "t ".utf8.contains(byte))
                } else if let time {
                    let written = time.description.utf8.prefix(19)
                    #expect(Array(written) == changed && (0x30...0x39).contains(byte))
                }
            }
        }
    }

    @Test func `any time between the years 0 and 9999 survives being written and read`() {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<5000 {
            let milliseconds = random.integer(in: -62_167_219_200_000..<253_402_300_800_000)
            let time = Timestamp(microseconds: Int64(milliseconds) * 1000)
            #expect(Timestamp(iso8601: time.description) == time)
        }
    }

    @Test(arguments: [
        ("2026-11-21T09:48:00Z", 0.0), ("2026-11-21T09:48:00", 0), ("2026-11-21 09:48:00", 0),
        ("2026-11-21t09:48:00z", 0), ("2026-11-21T10:48:00+01:00", 0),
        ("2026-11-21T10:48:00+0100", 0), ("2026-11-20T20:18:00-13:30", 0),
        ("2026-11-21T09:48:00.5Z", 0.5), ("2026-11-21T09:48:00.123456789Z", 0.123456),
        ("2026-11-21T09:48:00.000001+00:00", 1e-6), ("2026-11-21T09:47:60Z", 0),
    ])
    func `fractions and offsets are understood`(text: String, fraction: Double) {
        let base = Timestamp(microseconds: 1_795_254_480_000_000)
        #expect(Timestamp(iso8601: text) == base + .microseconds(Int64(fraction * 1e6 + 0.5)))
    }

    @Test(arguments: [
        "", "2026", "2026-11-21", "2026-11-21T09:48", "2026-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z", "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00+1", "2026-01-01T00:00:00+01:60", "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00Zz", "2026/01/01T00:00:00Z", "2026-01-01T00:00:00 +01:00",
        "+026-01-01T00:00:00Z", "2026-01-01T00:00:00é",
    ])
    func `what is no date is refused`(text: String) {
        #expect(Timestamp(iso8601: text) == nil)
    }

    @Test(arguments: [
        (Int64.min, "-290308-12-21T19:59:05.224Z"), (Int64.max, "+294247-01-10T04:00:54.775Z"),
        (-90_000_000_000_000_000, "-000882-01-06T08:00:00.000Z"),
    ])
    func `a time beyond four digits of year is written with a sign and six`(
        microseconds: Int64,
        text: String
    ) {
        #expect(Timestamp(microseconds: microseconds).description == text)
    }

    @Test(arguments: [1_795_254_480.0, 1_795_254_480_000, 1_795_254_480_000_000, 1_795_254_480e9])
    func `a number since 1970 is told apart by magnitude`(value: Double) {
        #expect(Timestamp(sinceEpoch: value) == Timestamp(microseconds: 1_795_254_480_000_000))
    }

    @Test func `a number since 1970 may be negative or broken, but not endless`() {
        #expect(Timestamp(sinceEpoch: -1.5) == Timestamp(microseconds: -1_500_000))
        #expect(Timestamp(sinceEpoch: 99_999_999_999)?.description == "5138-11-16T09:46:39.000Z")
        #expect(Timestamp(sinceEpoch: .nan) == nil)
        // The year 300,000, and others that no sensor has seen: the span between two such times is no
        // number of microseconds.
        #expect(Timestamp(sinceEpoch: 8e21) == nil)
        #expect(Timestamp(sinceEpoch: -8e21) == nil)
        let last = 253_402_300_799_999e3
        #expect(Timestamp(sinceEpoch: last * 1e3)?.description == "9999-12-31T23:59:59.999Z")
        #expect(Timestamp(sinceEpoch: .infinity) == nil)
        #expect(Timestamp(sinceEpoch: 1e300) == nil)
    }

    @Test func `times and spans are added and compared`() {
        let time = Timestamp(microseconds: 5)
        #expect(time + .seconds(1) == Timestamp(microseconds: 1_000_005))
        #expect(time - .microseconds(7) == Timestamp(microseconds: -2))
        #expect(time - Timestamp(microseconds: 2) == .microseconds(3))
        #expect(time - .microseconds(1) < time)
        #expect(Duration.milliseconds(-1500).microseconds == -1_500_000)
        #expect(Duration.milliseconds(1500).inSeconds == 1.5)
    }
}
