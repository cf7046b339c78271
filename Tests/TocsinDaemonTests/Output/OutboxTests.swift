import Testing
import TocsinMQTT
import TocsinTestSupport
import TocsinThreads

@testable import TocsinDaemon

struct OutboxTests {
    /// A client that is never started takes messages in, as one does whose broker is away.
    private func client(queued: Int = 10_000) throws -> MQTTClient {
        var options = MQTTClient.Options(address: .tcp(host: "127.0.0.1", port: 1))
        options.queuedMessages = queued
        return try MQTTClient(options, handlers: .init(message: { _, _, _ in }, event: { _ in }))
    }

    private func outbox(_ count: Int) -> Outbox {
        var outbox = Outbox()
        for i in 0..<count {
            outbox.append(topic: "t/\(i)", payload: [UInt8(i)], isRetained: false)
        }
        return outbox
    }

    @Test func `a letter is kept until it is acknowledged`() throws {
        let client = try client()
        var outbox = outbox(3)
        outbox.send(by: client)
        let tokens = outbox.letters.compactMap(\.token)
        #expect(tokens.count == 3)
        outbox.send(by: client)
        #expect(outbox.letters.compactMap(\.token) == tokens, "none is sent twice")
        outbox.acknowledge(tokens[1])
        outbox.acknowledge(tokens[1])
        #expect(outbox.letters.map(\.topic) == ["t/0", "t/2"])
    }

    @Test func `what the client does not take waits, in order`() throws {
        let client = try client(queued: 2)
        var outbox = outbox(5)
        outbox.send(by: client)
        #expect(outbox.letters.map { $0.token != nil } == [true, true, false, false, false])
        #expect(outbox.letters.map(\.topic) == ["t/0", "t/1", "t/2", "t/3", "t/4"])
    }

    @Test(arguments: ["", "a/+", "a\0b", "a\u{85}b", String(repeating: "t", count: 65_536)])
    func `a letter that nobody would take does not hold up the others`(topic: String) throws {
        let client = try client()
        var outbox = outbox(1)
        outbox.append(topic: topic, payload: [], isRetained: true)
        outbox.append(topic: "t/1", payload: [], isRetained: true)
        outbox.send(by: client)
        #expect(outbox.letters.map(\.topic) == ["t/0", "t/1"])
        #expect(outbox.letters.allSatisfy { $0.token != nil })
        #expect(outbox.lost == 1)
    }

    @Test func `what the client gives up is sent again`() throws {
        let client = try client()
        var outbox = outbox(2)
        outbox.send(by: client)
        let token = try #require(outbox.letters[0].token)
        let now = ContinuousClock.now
        outbox.giveBack(token, now: now)
        #expect(outbox.letters[0].token == nil)
        outbox.send(by: client, now: now + .milliseconds(240))
        #expect(outbox.letters[0].token == nil, "not at once")
        outbox.acknowledge(try #require(outbox.letters[1].token))
        outbox.send(by: client, now: now)
        #expect(outbox.letters[0].token != nil)
        #expect(outbox.letters[0].token != token)
    }

    @Test func `a broker that refuses is asked more and more rarely, with the oldest letter`()
        throws
    {
        let client = try client()
        var outbox = outbox(5)
        var now = ContinuousClock.now
        outbox.send(by: client, now: now)
        for letter in outbox.letters { outbox.giveBack(try #require(letter.token), now: now) }
        for pause in [250, 500, 1_000, 2_000, 4_000, 4_000] {
            outbox.send(by: client, now: now + .milliseconds(pause - 1))
            #expect(outbox.letters.allSatisfy { $0.token == nil }, "\(pause)")
            now += .milliseconds(pause)
            outbox.send(by: client, now: now)
            let given = outbox.letters.filter { $0.token != nil }
            #expect(given.map(\.topic) == ["t/0"], "\(pause)")
            outbox.giveBack(try #require(given[0].token), now: now)
        }
        now += .seconds(4)
        outbox.send(by: client, now: now)
        outbox.acknowledge(try #require(outbox.letters[0].token))
        outbox.send(by: client, now: now)
        #expect(outbox.letters.map { $0.token != nil } == [true, true, true, true])
    }

    @Test func `too many letters cost the oldest that were written down, and are counted`() {
        let ring = ByteRing(bytes: 1 << 12)
        var outbox = Outbox(ring)
        let payload = [UInt8](repeating: 0x78, count: 1_000)
        for i in 0..<5 {
            outbox.append(topic: "\(i)", payload: payload, isRetained: false)
            ring.show()
        }
        #expect(outbox.letters.map(\.topic) == ["2", "3", "4"])
        #expect(outbox.lost == 2)
    }

    @Test func `room that is free already costs no letter`() throws {
        let client = try client()
        let ring = ByteRing(bytes: 1 << 12)
        var outbox = Outbox(ring)
        let payload = [UInt8](repeating: 0x78, count: 1_200)
        for i in 0..<3 {
            outbox.append(topic: "\(i)", payload: payload, isRetained: false)
            ring.show()
        }
        outbox.send(by: client)
        // The one in the middle is gone, its room is not yet.
        outbox.acknowledge(try #require(outbox.letters[1].token))
        outbox.append(topic: "3", payload: payload, isRetained: false)
        ring.show()
        #expect(outbox.letters.map(\.topic) == ["2", "3"] && outbox.lost == 1)
        outbox.append(topic: "4", payload: payload, isRetained: false)
        #expect(outbox.letters.map(\.topic) == ["2", "3", "4"] && outbox.lost == 1)
    }

    @Test func `conditions go last, and only the latest of each`() throws {
        let client = try client(queued: 3)
        var outbox = Outbox()
        for i in 0..<3 {
            outbox.append(topic: "events", payload: [UInt8(i)], isRetained: false)
            outbox.append(topic: "condition", payload: [UInt8(i)], isRetained: true)
        }
        #expect(outbox.count == 4)
        outbox.send(by: client)
        let waiting = outbox.letters.filter { $0.token == nil }
        #expect(waiting.map(\.topic) == ["condition"])
        #expect(waiting.map(\.payload) == [[2]])
        // What the client gives up is overtaken by a later one.
        let (first, second) = (try self.client(), try self.client())
        var other = Outbox()
        other.append(topic: "condition", payload: [1], isRetained: true)
        other.send(by: first)
        let token = try #require(other.letters[0].token)
        other.append(topic: "condition", payload: [2], isRetained: true)
        other.giveBack(token)
        other.send(by: second)
        #expect(other.letters.map(\.payload) == [[2]])
    }

    @Test func `an acknowledged letter is gone from the ring, whatever the order`() throws {
        let client = try client()
        let ring = ByteRing(bytes: 1 << 16)
        var outbox = Outbox(ring)
        for i in 0..<4 { outbox.append(topic: "t/\(i)", payload: [UInt8(i)], isRetained: i == 3) }
        ring.show()
        func left() -> [String] {
            var topics: [String] = []
            Outbox.forEachLeft(in: ring, until: ring.end) { topics.append($0.topic) }
            return topics
        }
        #expect(left() == ["t/0", "t/1", "t/2", "t/3"])
        outbox.send(by: client)
        let tokens = outbox.letters.compactMap(\.token)
        outbox.acknowledge(tokens[2])
        #expect(left() == ["t/0", "t/1", "t/3"])
        outbox.acknowledge(tokens[0])
        outbox.acknowledge(tokens[1])
        #expect(left() == ["t/3"])
        outbox.acknowledge(tokens[3])
        #expect(left().isEmpty && ring.bytes == 0)
    }

    @Test func `an hour of alerts is sent in order, as fast as it is acknowledged`() throws {
        let client = try client()
        let ring = ByteRing(bytes: 8 << 20)
        var outbox = Outbox(ring)
        for i in 0..<10_000 {
            outbox.append(topic: "t/\(i)", payload: [0], isRetained: false)
            ring.show()
        }
        var sent: [String] = []
        while outbox.count > 0 {
            outbox.send(by: client)
            let given = outbox.letters.filter { $0.token != nil }
            #expect(!given.isEmpty && given.count <= 256)
            for letter in given {
                sent.append(letter.topic)
                outbox.acknowledge(try #require(letter.token))
            }
        }
        #expect(sent == (0..<10_000).map { "t/\($0)" })
        #expect(ring.bytes == 0)
    }
}
