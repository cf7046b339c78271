import Testing

@testable import TocsinCore

struct IntakeTests {
    private static func line(largestPayload: Int = 1 << 20, capacity: Int = 100) throws -> Line {
        let streams = [
            Stream(
                name: "plain",
                template: try TopicTemplate("s/{device}/{channel}"),
                decoder: NumberSampleDecoder()
            ),
            Stream(
                name: "json",
                template: try TopicTemplate("s/{device}"),
                decoder: JSONSampleDecoder()
            ),
        ]
        var line = try Line(.small(), streams: streams, capacity: capacity)
        line.intake.largestPayload = largestPayload
        return line
    }

    @Test func `messages of both everyday forms become frames`() throws {
        var line = try Self.line()
        let outcome1 = try line.take("s/p1", #"{"a":1,"b":2}"#, at: .at(0))
        #expect(outcome1 == .taken)
        let outcome2 = try line.take("s/p2/a", "3", at: .at(0))
        #expect(outcome2 == .taken)
        #expect(line.assessments.map(\.values) == [[1, 2]])
        try line.take("s/p2/b", "4", at: .at(0.1))
        #expect(line.assessments.map(\.values) == [[1, 2], [3, 4]])
        #expect(line.assessments.map(\.name) == ["p1", "p2"])
        #expect(line.fleet.devices.map(\.stream) == [1, 0])
        #expect(line.intake.counters.messages == 3)
    }

    @Test func `the payload's time counts, else the arrival`() throws {
        var line = try Self.line()
        let payload = #"{"time":"2026-01-01T00:00:05Z","a":1,"b":2}"#
        try line.take("s/p1", payload, at: .at(60))
        try line.take("s/p2", #"{"a":1,"b":2}"#, at: .at(60))
        #expect(line.assessments.map(\.time) == [.at(5), .at(60)])
    }

    @Test(arguments: [
        ("s/p1", #"{"a":1,"b":"#), ("s/p1", "[1]"), ("s/p1", "\u{FEFF}{}"), ("s/p1/a", "x"),
        ("s/p1", #"{"a":5,"time":"x"}"#), ("s/p1", #"{"a":5,"time":5}"#),
        ("s/p1", #"{"a":5,"time":"2027-01-01T00:00:00Z"}"#), ("s/p1", #"{"a":5,"time":-9e10}"#),
        ("other", "1"), ("s/p1/a/b", "1"), ("s/p2\u{7F}", "{}"), ("s/p2+x", "{}"),
        // Whatever the names of these are, no topic can hold them, or no terminal should.
        ("s/+\u{301}", "{}"), ("s/#\u{308}", "{}"), ("s/p2\u{85}", "{}"), ("s/p2\u{9B}2J", "{}"),
        ("s/p2\u{FFFF}", "{}"), ("s/p2\u{202E}", "{}"), ("s/p2\r\n", "{}"), ("s/\0", "{}"),
        ("s/" + String(repeating: "p", count: 257), "{}"),
        ("s/p1", #"{"a":5,"x":"\#(String(repeating: "y", count: 3000))"}"#),
    ])
    func `a bad message changes nothing but the counters`(topic: String, payload: String) throws {
        var line = try Self.line(largestPayload: 2000)
        for i in 0..<10 { try line.take("s/p1", #"{"a":1,"b":2}"#, at: .at(Double(i))) }
        try line.take("s/p1/a", "7", at: .at(10))
        let before = line.saved(0)
        let counters = line.fleet.counters
        let error = #expect(throws: SampleDecodingError.self) {
            try line.take(topic, payload, at: .at(10.2))
        }
        #expect(error?.description.isEmpty == false)
        #expect(line.saved(0) == before)
        #expect(line.fleet.counters == counters)
        #expect(line.fleet.devices.count == 1)
        #expect(line.intake.counters.rejected == 1)
        #expect(line.intake.counters.unmatched == (error == .unexpectedTopic ? 1 : 0))
        // And the next one is taken as if nothing had been.
        try line.take("s/p1/b", "8", at: .at(10.3))
        #expect(line.assessments.last?.values == [7, 8])
    }

    @Test func `what is said of a channel is readable`() throws {
        var line = try Self.line()
        let outcome = try line.take("s/p1", #"{"a":1,"x\n\u001b[2J":5}"#, at: .at(0))
        #expect(outcome == .unknownChannel(device: "p1", channel: "x\u{FFFD}\u{FFFD}[2J"))
    }

    @Test func `a device without a model is mentioned once and counted always`() throws {
        var line = try Self.line()
        let model = try Model.small()
        line.intake = Intake(
            streams: line.intake.streams,
            assignment: ModelAssignment([ModelAssignment.Rule(device: "p*", model: model)])
        )
        let first = try line.take("s/q", "{}", at: .at(0))
        #expect(first == .unwatched(device: "q", isNews: true))
        let second = try line.take("s/q", "{}", at: .at(1))
        #expect(second == .unwatched(device: "q", isNews: false))
        #expect(line.intake.counters.unwatched == 2)
        #expect(line.fleet.devices.isEmpty)
    }

    @Test func `no more devices are watched than allowed`() throws {
        var line = try Self.line(capacity: 2)
        for name in ["a", "b", "c", "a"] {
            try line.take("s/\(name)", #"{"a":1,"b":2}"#, at: .at(0))
        }
        #expect(line.fleet.devices.map(\.name) == ["a", "b"])
        #expect(line.fleet.counters.devicesRefused == 1)
        #expect(line.intake.counters.unwatched == 1)
    }

    @Test func `an unknown channel is mentioned once, a missing value of one never`() throws {
        var line = try Self.line()
        let payload = #"{"a":1,"text":"x","c":5,"b":2,"d":6}"#
        let first = try line.take("s/p1", payload, at: .at(0))
        #expect(first == .unknownChannel(device: "p1", channel: "c"))
        let outcome3 = try line.take("s/p1", payload, at: .at(1))
        #expect(outcome3 == .unknownChannel(device: "p1", channel: "d"))
        let outcome4 = try line.take("s/p1", payload, at: .at(2))
        #expect(outcome4 == .taken)
        #expect(line.intake.counters.unknownChannels == 6)
        #expect(line.assessments.count == 3)
    }

    @Test func `names that strangers made up do not fill the memory`() throws {
        var line = try Self.line()
        let long = "n" + String(repeating: "é", count: 100_000)
        let outcome = try line.take("s/p1", #"{"a":1,"\#(long)":5,"b":2}"#, at: .at(0))
        guard case .unknownChannel(_, let channel) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(channel.utf8.count == 255)
        for i in 0..<3000 { try line.take("s/p1", #"{"x\#(i)":1}"#, at: .at(Double(i) / 1000)) }
        let outcome5 = try line.take("s/p1", #"{"y":1}"#, at: .at(4))
        #expect(outcome5 == .taken)
        #expect(line.intake.counters.unknownChannels == 3002)
    }

    @Test func `the first value of a channel that stands twice counts`() throws {
        var line = try Self.line()
        try line.take("s/p1", #"{"a":1,"a":9,"b":2}"#, at: .at(0))
        #expect(line.assessments.map(\.values) == [[1, 2]])
        #expect(line.fleet.counters.duplicates == 1)
    }

    @Test func `a retained message fills and is not judged`() throws {
        var line = try Self.line()
        try line.take("s/p1", #"{"a":1,"b":2}"#, at: .at(0), isRetained: true)
        #expect(line.assessments.isEmpty)
        try line.take("s/p1/a", "5", at: .at(0.5))
        try line.take("s/p1/a", "6", at: .at(1.5))
        #expect(line.assessments.map(\.values) == [[5, 2]])
        #expect(line.assessments.first?.isFresh == [true, false])
    }

    @Test func `the same names are other channels for another model`() throws {
        var line = try Line(try .small())
        line.intake = Intake(
            streams: line.intake.streams,
            assignment: ModelAssignment([
                ModelAssignment.Rule(device: "p*", model: try .small()),
                ModelAssignment.Rule(model: try .small(names: ["b", "a"], identity: "2")),
            ])
        )
        for i in 0..<3 {
            try line.take("s/p1", #"{"a":1,"b":2}"#, at: .at(Double(i)))
            try line.take("s/q1", #"{"a":1,"b":2}"#, at: .at(Double(i)))
            try line.take("s/q1", #"{"b":3,"a":4}"#, at: .at(Double(i) + 0.5))
        }
        let (p, q) = (
            line.assessments.filter { $0.name == "p1" }.map(\.values),
            line.assessments.filter { $0.name == "q1" }.map(\.values)
        )
        #expect(p == [[1, 2], [1, 2], [1, 2]])
        #expect(q.contains([2, 1]) && q.allSatisfy { $0 == [2, 1] || $0 == [3, 4] })
    }

    @Test func `the first template that matches takes a message`() throws {
        let model = try Model.small()
        let streams = try ["+/{device}", "s/{device}"].map {
            Stream(name: $0, template: try TopicTemplate($0), decoder: JSONSampleDecoder())
        }
        var line = try Line(model, streams: streams)
        try line.take("s/p1", #"{"a":1}"#, at: .at(0))
        #expect(line.fleet.devices.map(\.stream) == [0])
    }
}
