import Testing
import TocsinMQTT
import TocsinThreads

@testable import TocsinDaemon

/// What an outbox does while nobody knows what the broker has.
struct DoubtsTests {
    private func client() throws -> MQTTClient {
        let options = MQTTClient.Options(address: .tcp(host: "127.0.0.1", port: 1))
        return try MQTTClient(options, handlers: .init(message: { _, _, _ in }, event: { _ in }))
    }

    /// An outbox in a ring, with three events on their way and a condition.
    private func outbox(_ ring: ByteRing) -> Outbox {
        var outbox = Outbox(ring)
        for i in 0..<3 { outbox.append(topic: "t", payload: [UInt8(i)], isRetained: false) }
        outbox.append(topic: "c", payload: [9], isRetained: true)
        ring.show()
        return outbox
    }

    /// The outbox of the next process.
    private func next(after ring: ByteRing) -> Outbox {
        var outbox = Outbox(isHeld: true)
        Outbox.forEachLeft(in: ring, until: ring.end) { outbox.append($0) }
        return outbox
    }

    private func isSent(_ outbox: Outbox) -> [Bool] { outbox.letters.map { $0.token != nil } }

    @Test
    func `nothing is sent before it is known what the broker has, and that is not sent again`()
        throws
    {
        let ring = ByteRing(bytes: 1 << 16)
        let client = try client()
        var before = outbox(ring)
        before.send(by: client)
        before.acknowledge(try #require(before.letters[0].token))
        var outbox = next(after: ring)
        #expect(outbox.letters.map(\.payload) == [[1], [2], [9]])
        #expect(outbox.letters.map(\.isDoubtful) == [true, true, false])
        outbox.append(topic: "t", payload: [3], isRetained: false)
        outbox.send(by: client)
        #expect(isSent(outbox) == [false, false, false, false])
        outbox.expect(7)
        outbox.hear([1])
        outbox.hear([77])
        outbox.hear(word: 6)
        outbox.resolve()
        outbox.send(by: client)
        #expect(isSent(outbox) == [false, false, false], "another process's word")
        outbox.hear(word: 7)
        outbox.send(by: client)
        #expect(isSent(outbox) == [false, false, false], "what was told before comes first")
        outbox.resolve()
        outbox.send(by: client)
        #expect(outbox.letters.map(\.payload) == [[2], [9], [3]])
        #expect(isSent(outbox) == [true, true, true])
    }

    @Test func `an event that nobody gave away is in no doubt`() {
        let ring = ByteRing(bytes: 1 << 16)
        _ = outbox(ring)
        #expect(next(after: ring).letters.allSatisfy { !$0.isDoubtful })
    }

    @Test func `a word that came back before it was expected counts`() throws {
        let client = try client()
        var outbox = Outbox(isHeld: true)
        outbox.append(topic: "t", payload: [1], isRetained: false)
        outbox.hear(word: 7)
        outbox.resolve()
        outbox.send(by: client)
        #expect(isSent(outbox) == [false])
        outbox.expect(7)
        outbox.resolve()
        outbox.send(by: client)
        #expect(isSent(outbox) == [true])
    }

    @Test func `a lost connection leaves in doubt what was on its way, and nothing else`() throws {
        let client = try client()
        let ring = ByteRing(bytes: 1 << 16)
        var outbox = outbox(ring)
        outbox.send(by: client)
        let tokens = outbox.letters.compactMap(\.token)
        #expect(tokens.count == 4)
        outbox.interrupt(tokens[0], mayHaveArrived: true)
        outbox.interrupt(tokens[1], mayHaveArrived: false)
        outbox.interrupt(tokens[2], mayHaveArrived: false)
        outbox.interrupt(tokens[3], mayHaveArrived: true)
        #expect(outbox.letters.map(\.isDoubtful) == [true, false, false, false])
        outbox.send(by: client)
        #expect(isSent(outbox) == [false, false, false, false])
        // It had arrived.
        outbox.hear([0])
        outbox.send(by: client)
        #expect(outbox.letters.map(\.payload) == [[1], [2], [9]])
        #expect(isSent(outbox) == [true, true, true])
        #expect(outbox.letters[0].token != tokens[1])
    }

    @Test func `what nobody will know is sent again, in order`() throws {
        let client = try client()
        let ring = ByteRing(bytes: 1 << 16)
        var outbox = outbox(ring)
        outbox.send(by: client)
        for token in outbox.letters.compactMap(\.token) {
            outbox.interrupt(token, mayHaveArrived: true)
        }
        outbox.release()
        outbox.send(by: client)
        #expect(outbox.letters.map(\.payload) == [[0], [1], [2], [9]])
        #expect(isSent(outbox) == [true, true, true, true])
    }

    @Test func `an alert that came back is settled, and its acknowledgement no surprise`() throws {
        let client = try client()
        let ring = ByteRing(bytes: 1 << 16)
        var outbox = outbox(ring)
        outbox.send(by: client)
        let token = try #require(outbox.letters[1].token)
        outbox.hear([1])
        outbox.hear([1])
        #expect(outbox.letters.map(\.payload) == [[0], [2], [9]])
        outbox.acknowledge(token)
        outbox.interrupt(token, mayHaveArrived: true)
        #expect(outbox.letters.map(\.payload) == [[0], [2], [9]])
        #expect(next(after: ring).letters.map(\.payload) == [[0], [2], [9]])
    }
}
