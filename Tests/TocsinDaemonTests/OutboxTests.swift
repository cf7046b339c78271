import Testing
import TocsinMQTT
import TocsinTestSupport

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

    @Test func `what the client gives up is sent again`() throws {
        let client = try client()
        var outbox = outbox(2)
        outbox.send(by: client)
        let token = try #require(outbox.letters[0].token)
        outbox.giveBack(token)
        #expect(outbox.letters[0].token == nil)
        outbox.send(by: client)
        #expect(outbox.letters[0].token != nil)
        #expect(outbox.letters[0].token != token)
    }

    @Test func `too many letters cost the oldest, and are counted`() {
        var outbox = Outbox(capacity: 3)
        for i in 0..<5 { outbox.append(topic: "\(i)", payload: [], isRetained: true) }
        #expect(outbox.letters.map(\.topic) == ["2", "3", "4"])
        #expect(outbox.lost == 2)
    }
}
