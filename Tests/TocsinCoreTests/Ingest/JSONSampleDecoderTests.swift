import Testing

@testable import TocsinCore

struct JSONSampleDecoderTests {
    private func decode(
        _ payload: [UInt8],
        channel: String = "",
        decoder: JSONSampleDecoder = JSONSampleDecoder()
    ) throws(SampleDecodingError) -> SampleBatch {
        var batch = SampleBatch()
        let channel = channel.bytes
        try decoder.decode(payload.span, channel: channel.span, into: &batch)
        return batch
    }

    /// Names and values as text, in order.
    private func text(
        _ payload: String,
        channel: String = "",
        decoder: JSONSampleDecoder = JSONSampleDecoder()
    ) throws -> String {
        let batch = try decode(payload.bytes, channel: channel, decoder: decoder)
        return batch.entries.map { entry in
            "\(String(decoding: batch.names[entry.name], as: UTF8.self))=\(entry.value)"
        }.joined(separator: " ")
    }

    @Test(arguments: [
        (#"{}"#, ""), (#" { "a" : 1 , "b" : -2.5e1 } "#, "a=1.0 b=-25.0"),
        (#"{"motor":{"current":3.1,"phase":{"l1":1}}}"#, "motor.current=3.1 motor.phase.l1=1.0"),
        (#"{"a":[1,[2,3],{"x":4}],"b":5}"#, "a.0=1.0 a.1.0=2.0 a.1.1=3.0 a.2.x=4.0 b=5.0"),
        (#"{"a":{},"b":[],"c":1}"#, "c=1.0"),
        (
            #"{"a":[0,1,2,3,4,5,6,7,8,9,10]}"#,
            """
            a.0=0.0 a.1=1.0 a.2=2.0 a.3=3.0 a.4=4.0 a.5=5.0 a.6=6.0 a.7=7.0 a.8=8.0 a.9=9.0 \
            a.10=10.0
            """
        ),
        (#"{"a":true,"b":false,"c":null}"#, "a=1.0 b=0.0 c=nan"),
        (#"{"a":"21.5","b":" 7 ","c":"good","d":""}"#, "a=21.5 b=7.0 c=nan d=nan"),
        (#"{"a":1e999,"b":"inf"}"#, "a=nan b=nan"),
        (#"{"a":1,"a":2}"#, "a=1.0 a=2.0"),
        (#"{"":1,"a.b":2}"#, "=1.0 a.b=2.0"),
    ])
    func `values are named by their dotted path`(payload: String, expected: String) throws {
        #expect(try text(payload) == expected)
    }

    @Test(arguments: [
        (#"{"\u0061\n\"\\\/\b\f\r\t":1}"#, "a\n\"\\/\u{8}\u{C}\r\t=1.0"),
        (#"{"\u00e9é\ud83d\ude00😀":1}"#, "éé😀😀=1.0"),
        (#"{"\ud83d":1,"\ude00x":2,"\ud83d\u0041":3}"#, "\u{FFFD}=1.0 \u{FFFD}x=2.0 \u{FFFD}A=3.0"),
        (#"{"温度":21}"#, "温度=21.0"),
    ])
    func `escapes and other scripts stand in names`(payload: String, expected: String) throws {
        #expect(try text(payload) == expected)
    }

    @Test(arguments: [
        (#"{"time":"2026-11-21T09:48:00Z","a":1}"#, 1_795_254_480_000_000),
        (#"{"a":1,"time":"2026-11-21T10:48:00.25+01:00"}"#, 1_795_254_480_250_000),
        (#"{"time":1795254480,"a":1}"#, 1_795_254_480_000_000),
        (#"{"time":1795254480.5,"a":1}"#, 1_795_254_480_500_000),
        (#"{"time":1795254480123,"a":1}"#, 1_795_254_480_123_000),
        (#"{"time":1795254480123456,"a":1}"#, 1_795_254_480_123_456),
        (#"{"time":"1795254480","a":1}"#, 1_795_254_480_000_000),
    ])
    func `the time field is understood in all its forms`(
        payload: String,
        microseconds: Int64
    ) throws {
        let batch = try decode(payload.bytes)
        #expect(batch.time == Timestamp(microseconds: microseconds))
        #expect(batch.entries.map(\.value) == [1])
    }

    @Test func `a time that is null, or elsewhere, is no time`() throws {
        #expect(try decode(#"{"time":null,"a":1}"#.bytes).time == nil)
        #expect(try decode(#"{"x":{"time":5},"a":1}"#.bytes).time == nil)
        let nested = JSONSampleDecoder(time: "meta.at")
        #expect(
            try decode(#"{"meta":{"at":1795254480},"time":1}"#.bytes, decoder: nested).time
                == Timestamp(microseconds: 1_795_254_480_000_000)
        )
        let without = JSONSampleDecoder(time: nil)
        #expect(try text(#"{"time":5,"a":1}"#, decoder: without) == "time=5.0 a=1.0")
    }

    @Test(arguments: [
        #"{"a":1,"time":"yesterday"}"#, #"{"a":1,"time":""}"#, #"{"a":1,"time":1e300}"#,
        #"{"a":1,"time":true}"#, #"{"a":1,"time":false}"#, #"{"a":1,"time":{}}"#,
        #"{"a":1,"time":[1]}"#,
    ])
    func `a time that cannot be read spoils the message`(payload: String) {
        #expect(throws: SampleDecodingError.unreadableTime(offset: 14)) {
            try decode(payload.bytes)
        }
    }

    @Test func `only the chosen paths are channels`() throws {
        let decoder = JSONSampleDecoder(channels: ["a", "m.x", "v.1"])
        let payload = #"{"a":1,"b":2,"m":{"x":3,"y":4},"v":[5,6]}"#
        #expect(try text(payload, decoder: decoder) == "a=1.0 m.x=3.0 v.1=6.0")
    }

    @Test func `the channel in the topic gets the payload's value`() throws {
        #expect(try text("21.5", channel: "flow") == "flow=21.5")
        #expect(
            try text(#"{"value":1,"quality":2}"#, channel: "flow") == "flow=1.0 flow.quality=2.0"
        )
        #expect(try text("[1,2]", channel: "flow") == "flow.0=1.0 flow.1=2.0")
        let decoder = JSONSampleDecoder(channels: ["q"], value: "v")
        #expect(
            try text(#"{"v":1,"q":2,"r":3}"#, channel: "flow", decoder: decoder)
                == "flow=1.0 flow.q=2.0"
        )
        let timed = try decode(#"{"value":1,"time":1795254480}"#.bytes, channel: "flow")
        #expect(timed.time == Timestamp(microseconds: 1_795_254_480_000_000))
    }

    @Test func `the topic's channel may have its value deep in the payload`() throws {
        let decoder = JSONSampleDecoder(value: "data.now.v")
        let payload = #"{"data":{"now":{"v":1,"w":2},"x":3},"y":4}"#
        #expect(
            try text(payload, channel: "flow", decoder: decoder)
                == "flow=1.0 flow.data.now.w=2.0 flow.data.x=3.0 flow.y=4.0"
        )
    }

    @Test func `depth is bounded`() throws {
        let deepest = JSONSampleDecoder.maximumDepth
        let fits =
            String(repeating: #"{"a":"#, count: deepest) + "1"
            + String(repeating: "}", count: deepest)
        #expect(try decode(fits.bytes).entries.count == 1)
        let tooDeep = SampleDecodingError.tooDeep(offset: 5 * deepest)
        #expect(throws: tooDeep) {
            try decode(String(repeating: #"{"a":"#, count: 100_000).bytes)
        }
        #expect(throws: tooDeep) { try decode((fits.prefix(5 * deepest) + "[").bytes) }
    }

    @Test func `the number of values and the length of their names are bounded`() throws {
        let values = (0..<SampleBatch.capacity).map { "\"c\($0)\":1" }.joined(separator: ",")
        #expect(try decode("{\(values)}".bytes).entries.count == SampleBatch.capacity)
        #expect(throws: SampleDecodingError.self) { try decode("{\(values),\"x\":1}".bytes) }
        // A megabyte that would become four thousand: the long name stands before every value.
        let long = String(repeating: "n", count: 900_000)
        let bomb = #"{"\#(long)":["# + String(repeating: "1,", count: 4000) + "1]}"
        #expect(throws: SampleDecodingError.tooManyValues(offset: 900_007)) {
            try decode(bomb.bytes)
        }
    }

    @Test(
        arguments: [
            ([0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D], 2), ([0x7B, 0xC3], 1),
            ([0x7B, 0x22, 0xC0, 0x80, 0x22], 2), ([0x7B, 0x22, 0xED, 0xA0, 0x80, 0x22], 2),
        ] as [([UInt8], Int)]
    )
    func `what is not UTF-8 is refused with its place`(payload: [UInt8], offset: Int) {
        #expect(throws: SampleDecodingError.invalidUTF8(offset: offset)) { try decode(payload) }
    }

    @Test(arguments: [
        ("", 0), ("  ", 2), (#"{"a":1}x"#, 7), (#"{"a":1,}"#, 7), (#"{"a" 1}"#, 5),
        (#"{a:1}"#, 1), (#"{"a":[1,]}"#, 8), (#"{"a":[1 2]}"#, 8), (#"{"a":1]"#, 6),
        (#"{"a":tRUE}"#, 6), (#"{"a":trux}"#, 8), (#"{"a":nul}"#, 8), (#"{"a":True}"#, 5),
        (#"{"a":NaN}"#, 5), (#"{"a":'1'}"#, 5), (#"{"a":"\x"}"#, 7), (#"{"a":"\u12G4"}"#, 10),
        ("{\"a\":\"\n\"}", 6), (#"{"a":01}"#, 5), (#"{"a":+1}"#, 5), (#"{"a":.5}"#, 5),
        (#"{"a"::1}"#, 5), (#"{,}"#, 1), (#"{"a":1"b":2}"#, 6),
    ])
    func `broken JSON is refused at the byte that does not fit`(payload: String, offset: Int) {
        #expect(throws: SampleDecodingError.malformedJSON(offset: offset)) {
            try decode(payload.bytes)
        }
    }

    @Test(arguments: ["1", "[1]", "\"x\"", "null", "true"])
    func `what is no object needs a topic that names the channel`(payload: String) {
        #expect(throws: SampleDecodingError.notAnObject) { try decode(payload.bytes) }
    }

    private static let sample = #"""
        {"time":"2026-11-21T09:48:00Z","motor":{"current":-3.25e-1,"on":true,"é\u00e9\n":[1,null]},
        "x":false,"text":"a\"b","big":123456789012345678901}
        """#

    @Test func `every beginning of a payload is refused`() throws {
        let payload = Self.sample.bytes
        #expect(try decode(payload).entries.count == 7)
        for length in 0..<payload.count {
            let error = #expect(throws: SampleDecodingError.self) {
                try decode(Array(payload[..<length]))
            }
            switch error {
            case .malformedJSON(let offset), .invalidUTF8(let offset):
                #expect(offset <= length && offset >= length - 8, "\(length): \(offset)")
            default:
                Issue.record("\(length): \(String(describing: error))")
            }
        }
    }

    @Test func `a damaged payload is read or refused, and nothing worse`() {
        let payload = Self.sample.bytes
        var random = SeededGenerator(seed: 5)
        var refused = 0
        for i in payload.indices {
            for byte in 0...UInt8.max where byte != payload[i] {
                var damaged = payload
                damaged[i] = byte
                if (try? decode(damaged, channel: byte % 2 == 0 ? "c" : "")) == nil { refused += 1 }
            }
        }
        for _ in 0..<3000 {
            var damaged = payload
            for _ in 0..<random.integer(in: 2..<9) {
                damaged[random.integer(in: 0..<damaged.count)] = UInt8.random(
                    in: 0x20...0x7E,
                    using: &random
                )
            }
            if (try? decode(damaged)) == nil { refused += 1 }
        }
        #expect(refused > 10_000)
    }

    @Test func `ten megabytes are read in one go`() throws {
        let filler = String(repeating: "x", count: 10_000_000)
        #expect(try text(#"{"a":1,"text":"\#(filler)","b":2}"#) == "a=1.0 text=nan b=2.0")
    }

    @Test func `a batch holds nothing of the message before`() throws {
        var batch = SampleBatch()
        let decoder = JSONSampleDecoder()
        let none: [UInt8] = []
        try decoder.decode(
            #"{"time":1795254480,"a":1}"#.bytes.span,
            channel: none.span,
            into: &batch
        )
        try decoder.decode(#"{"b":2}"#.bytes.span, channel: none.span, into: &batch)
        #expect(batch.time == nil)
        #expect(batch.entries == [SampleBatch.Entry(name: 0..<1, value: 2)])
        #expect(batch.names == "b".bytes)
    }
}
