import Testing
import TocsinCore

@testable import TocsinDaemon

struct RowMessageTests {
    private let time = Timestamp(microseconds: 1_767_225_600_123_456)

    private func messages(_ form: RowMessage.Form, _ topic: String) throws -> [String] {
        RowMessage(template: try TopicTemplate(topic), form: form, channels: ["a", "b \"c\"", "d"])
            .messages(device: "x", time: time, values: [1, .nan, -0.125])
            .map { "\($0.topic) \(String(decoding: $0.payload, as: UTF8.self))" }
    }

    @Test func `a row is one object, to the microsecond and without what is missing`() throws {
        #expect(
            try messages(.json, "s/{device}")
                == [#"s/x {"time":1767225600123456,"a":1,"d":-0.125}"#]
        )
    }

    @Test func `or a number per channel`() throws {
        #expect(
            try messages(.number, "s/{device}/{channel}") == ["s/x/a 1.0", "s/x/d -0.125"]
        )
    }

    @Test func `the daemon reads back what was written`() throws {
        let row = RowMessage(
            template: try TopicTemplate("s/{device}"),
            form: .json,
            channels: ["v"]
        )
        for value in [0.1, 1e300, -5, 1.0 / 3, 123_456_789.25] {
            let message = row.messages(device: "x", time: time, values: [value])[0]
            var batch = SampleBatch()
            let none: [UInt8] = []
            try JSONSampleDecoder().decode(message.payload.span, channel: none.span, into: &batch)
            #expect(batch.time == time)
            #expect(batch.entries.map(\.value) == [value])
        }
    }
}

struct PaceTests {
    @Test func `the pace is that of the recording, or N times faster`() {
        let begin = Timestamp(microseconds: 1_000_000)
        for (speed, seconds) in [(1.0, 100), (10.0, 10), (0.5, 200)] {
            var pace = Pace(speed: speed)
            let first = pace.delay(until: begin)
            #expect(first == .zero)
            let delay = pace.delay(until: begin + .seconds(100))
            #expect(delay <= .seconds(seconds))
            #expect(delay > .seconds(seconds) - .seconds(2))
            let late = pace.delay(until: begin - .seconds(5))
            #expect(late == .zero, "what is late is due at once")
        }
    }

    @Test func `as fast as it goes never waits`() {
        var pace = Pace(speed: 0)
        for i in 0..<10 {
            let delay = pace.delay(until: Timestamp(microseconds: Int64(i) << 40))
            #expect(delay == .zero)
        }
    }
}
