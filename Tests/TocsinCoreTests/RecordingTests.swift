import Testing

@testable import TocsinCore

struct RecordingTests {
    @Test(arguments: [
        Message(topic: "s/p1", payload: #"{"a":1}"#, arrival: .at(0)),
        Message(topic: "s/é😀", payload: "", arrival: .at(0.001), isRetained: true),
        Message(topic: "a/b".bytes, payload: [0, 255, 128, 10, 34], arrival: .at(1)),
        Message(topic: "a\"\\\u{1}", payload: "line\nbreak\u{0}", arrival: .at(-1e9)),
    ])
    func `a message survives being written and read`(message: Message) throws {
        let line = try Recording.encode(message)
        #expect(!line.contains(UInt8(ascii: "\n")))
        #expect(try Recording.decode(line, number: 1) == message)
    }

    @Test func `any bytes survive as payload`() throws {
        var random = SeededGenerator(seed: 4)
        for _ in 0..<300 {
            let payload = (0..<random.integer(in: 0..<40)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            let message = Message(topic: "t".bytes, payload: payload, arrival: .at(0))
            #expect(try Recording.decode(try Recording.encode(message), number: 1) == message)
        }
    }

    @Test func `text is readable in the file`() throws {
        let message = Message(topic: "s/p1", payload: "21.5", arrival: .at(0), isRetained: true)
        #expect(
            String(decoding: try Recording.encode(message), as: UTF8.self)
                == #"{"payload":"21.5","retained":true,"time":"2026-01-01T00:00:00.000Z","topic":"s/p1"}"#
        )
    }

    @Test(arguments: [
        ("", "not an object with time, topic, payload"),
        ("[]", "not an object with time, topic, payload"),
        (#"{"time":"2026-01-01T00:00:00Z"}"#, "not an object with time, topic, payload"),
        (
            #"{"time":"2026-01-01T00:00:00Z","topic":"t","payload_base64":"*"}"#,
            "not an object with time, topic, payload"
        ),
        (
            #"{"time":"2026-01-01T00:00:00Z","topic":"t"}"#,
            "not an object with time, topic, payload"
        ),
        (#"{"time":"noon","topic":"t","payload":""}"#, "'noon' is not a time"),
    ])
    func `a broken line is told with its number`(text: String, reason: String) {
        #expect(throws: RecordingError(line: 7, reason: reason)) {
            try Recording.decode(text.bytes, number: 7)
        }
        #expect(RecordingError(line: 7, reason: "x").description == "line 7: x")
    }
}
