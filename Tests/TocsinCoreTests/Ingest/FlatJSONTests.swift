import CAllocationCounter
import Testing

@testable import TocsinCore

/// The fast way of reading JSON against the plain one, which reads anything.
struct FlatJSONTests {
    private static let keys = [
        "a", "b", "flow", "time", "x.y", "é", "", "12345678", "temperature", "a-key-of-20-bytes-ok",
    ]

    private func value(_ random: inout SeededGenerator) -> String {
        switch random.integer(in: 0..<12) {
        case 0: ["true", "false", "null", "nul", "[1]", #"{"v":1}"#][random.integer(in: 0..<6)]
        case 1: [#""on""#, #""""#, #"" 7 ""#, #""\n""#, #""2.5""#][random.integer(in: 0..<5)]
        case 2: "-\(random.integer(in: 0..<1000)).\(random.integer(in: 0..<100))"
        case 3: "\(random.number(in: -50...50))"
        case 4: "\(random.integer(in: 0..<10))e\(random.integer(in: -9..<9))"
        case 5: "\(random.next()).\(random.next())"
        case 6: ["01", "-", ".5", "1.", "-0", "0.0", "1e999"][random.integer(in: 0..<7)]
        default: "\(random.integer(in: 0..<100)).\(random.integer(in: 0..<100))"
        }
    }

    private func time(_ random: inout SeededGenerator) -> String {
        [
            #""2026-11-21T09:48:00Z""#, #""2026-02-30T09:48:00Z""#, "1795254480.5", "null", "true",
            #""1795254480""#, #""2026-11-21 10:48:00.25+01:00""#, "1e300",
        ][random.integer(in: 0..<8)]
    }

    private func payload(_ random: inout SeededGenerator) -> [UInt8] {
        let space = random.uniform() < 0.3 ? " " : ""
        let fields = (0..<random.integer(in: 0..<6)).map { _ in
            let key = Self.keys[random.integer(in: 0..<Self.keys.count)]
            let text = key == "time" && random.uniform() < 0.8 ? time(&random) : value(&random)
            return "\"\(key)\":\(space)\(text)"
        }
        return "\(space){\(fields.joined(separator: "," + space))}\(space)".bytes
    }

    /// The payload again, with other digits, or with a byte or two changed.
    private func variation(_ payload: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var payload = payload
        if random.uniform() < 0.5 {
            for i in payload.indices where (0x30...0x39).contains(payload[i]) {
                if random.uniform() < 0.3 { payload[i] = UInt8(random.integer(in: 0x30..<0x3A)) }
            }
        } else {
            for _ in 0..<random.integer(in: 0..<3) {
                payload[random.integer(in: 0..<payload.count)] = UInt8(random.integer(in: 0..<256))
            }
        }
        return payload
    }

    private func describe(_ batch: SampleBatch) -> String {
        let values = batch.entries.map { entry in
            "\(batch.names[entry.name])=\(entry.value.isNaN ? "none" : "\(entry.value)")"
        }
        return "\(values) \(batch.time.map { "\($0.microseconds)" } ?? "")"
    }

    private func outcome(
        _ batch: inout SampleBatch,
        _ decode: (inout SampleBatch) throws(SampleDecodingError) -> Void
    ) -> String {
        do {
            try decode(&batch)
            return describe(batch)
        } catch {
            return "\(error)"
        }
    }

    @Test func `the fast way reads and refuses what the plain one does`() {
        var random = SeededGenerator(seed: 11)
        let decoders = [
            JSONSampleDecoder(), JSONSampleDecoder(time: "x.y"),
            JSONSampleDecoder(time: nil, channels: ["a", "flow", ""], value: "b"),
        ]
        let channels = ["", "", "flow", "other"].map(\.bytes)
        var (fast, plain) = (SampleBatch(), SampleBatch())
        var last = payload(&random)
        var flat = 0
        for i in 0..<12_000 {
            if random.uniform() < 0.4 { last = payload(&random) }
            let payload = random.uniform() < 0.8 ? variation(last, &random) : last
            let decoder = decoders[i % 50 < 40 ? 0 : random.integer(in: 0..<3)]
            let channel = channels[i % 50 < 40 ? 0 : random.integer(in: 0..<4)]
            let one = outcome(&fast) { batch throws(SampleDecodingError) in
                try decoder.decode(payload.span, channel: channel.span, into: &batch)
            }
            let other = outcome(&plain) { batch throws(SampleDecodingError) in
                try decoder.decodeAny(payload.span, channel: channel.span, into: &batch)
            }
            if one != other {
                Issue.record("\(String(decoding: payload, as: UTF8.self)): \(one), not \(other)")
            }
            if fast.shape.decoder == decoder.identity { flat += 1 }
        }
        // The fast way is really taken, and sometimes not.
        #expect(flat > 2000 && flat < 10_000)
    }

    @Test func `names that stay are kept, others replaced`() throws {
        let decoder = JSONSampleDecoder()
        let none: [UInt8] = []
        var batch = SampleBatch()
        var revisions: [UInt64] = []
        for payload in [
            #"{"a":1,"b":2}"#, #"{"a":3,"b":4.25}"#, #"{"a":5}"#, #"{"a":5,"c":6}"#,
            #"{"x":5,"c":6}"#,
        ] {
            try decoder.decode(payload.bytes.span, channel: none.span, into: &batch)
            revisions.append(batch.revision)
        }
        #expect(revisions[0] == revisions[1])
        #expect(Set(revisions).count == 4)
        #expect(batch.names == "xc".bytes)
        #expect(batch.entries.map(\.value) == [5, 6])
    }

    @Test func `a payload of any length is read, wherever it ends`() throws {
        var batch = SampleBatch()
        let none: [UInt8] = []
        for length in [0, 1, 3, 7, 8, 9, 15, 16, 17, 40, 1000, 65_520, 65_540, 70_000] {
            let name = String(repeating: "n", count: length)
            let payload = #"{"\#(name)":12.5}"#.bytes
            for _ in 0..<2 {
                try JSONSampleDecoder().decode(payload.span, channel: none.span, into: &batch)
                #expect(batch.names == name.bytes)
                #expect(batch.entries.map(\.value) == [12.5])
            }
            #expect(throws: SampleDecodingError.malformedJSON(offset: payload.count - 1)) {
                try JSONSampleDecoder().decode(
                    payload.span.extracting(0..<payload.count - 1),
                    channel: none.span,
                    into: &batch
                )
            }
        }
    }

    @Test func `a warm batch is filled without allocating`() throws {
        let payloads = [
            #"{"time":"2026-11-21T09:48:00Z","a":21.5,"b":-3,"c":true}"#,
            #"{"time":1795254480,"b":21.299999999999997,"a":null}"#,
            #"{"é":{"x":[1,2.5e-3]},"t":"on"}"#,
        ].map(\.bytes)
        let (number, channel, none) = ("21.299999999999997".bytes, "flow".bytes, [UInt8]())
        let json = JSONSampleDecoder()
        var batch = SampleBatch()
        var before: UInt64 = 0
        for round in 0..<200 {
            if round == 100 { before = UInt64(allocation_counter_read()) }
            for i in 0..<payloads.count {
                let payload = payloads[i]
                try json.decode(payload.span, channel: none.span, into: &batch)
            }
            try NumberSampleDecoder().decode(number.span, channel: channel.span, into: &batch)
        }
        #expect(UInt64(allocation_counter_read()) - before == 0)
    }
}
