import Foundation
import Synchronization
import Testing
import TocsinCore
import TocsinMQTT

@testable import TocsinDaemon

extension Inbox {
    /// Puts in a message made of arrays.
    func put(_ topic: [UInt8], _ payload: [UInt8], arrival: Int64 = 0, isRetained: Bool = false) {
        put(
            topic: topic.span,
            payload: payload.span,
            arrival: Timestamp(microseconds: arrival),
            isRetained: isRetained
        )
    }

    /// Takes out everything and gives back the room, as text: `topic=payload`.
    func takeAll() -> [String] {
        var found: [String] = []
        _ = drain { topic, payload, _, isRetained in
            found.append(
                "\(text(topic))=\(text(payload))\(isRetained ? " retained" : "")"
            )
        } oversize: { topic, bytes in
            found.append("\(text(topic)) with \(bytes) bytes")
        }
        release()
        return found
    }
}

func text(_ span: Span<UInt8>) -> String {
    span.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
}

/// The number that a payload of a test begins with.
private func number(_ span: Span<UInt8>) -> Int {
    (0..<8).reduce(0) { $0 << 8 | Int(span[$1]) }
}

/// A payload that begins with a number, and whose every byte follows from it.
private func payload(_ number: Int, size: Int) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }
        + (0..<size).map { UInt8(truncatingIfNeeded: number &* 31 &+ $0) }
}

struct InboxTests {
    @Test func `messages come out in the order in which they went in`() throws {
        let inbox = try Inbox(bytes: 1 << 20)
        inbox.put(Array("a".utf8), Array("1".utf8))
        inbox.put(Array("b".utf8), [], isRetained: true)
        inbox.put(Array("c".utf8), Array("3".utf8))
        #expect(inbox.takeAll() == ["a=1", "b= retained", "c=3"])
        #expect(inbox.takeAll().isEmpty)
    }

    @Test func `what was taken keeps its room until it is given back`() throws {
        let inbox = try Inbox(bytes: 0)
        let large = [UInt8](repeating: 0x78, count: inbox.largest)
        for _ in 0..<3 { inbox.put([], large) }
        #expect(inbox.drain(limit: 2, message: { _, _, _, _ in }, oversize: { _, _ in }) == 2)
        inbox.put([], large)
        #expect(inbox.overflow == 1)
        inbox.release()
        inbox.put([], large)
        #expect(inbox.overflow == 1)
        #expect(inbox.takeAll().count == 2)
        #expect(inbox.fill == 0)
    }

    @Test(arguments: [0, 1, 7, 8, 9, 15, 16, 17, 23, 24, 25, 1_000, 20_001])
    func `messages of every size survive the end of the ring`(size: Int) throws {
        // The smallest there is: 256 KiB.
        let inbox = try Inbox(bytes: 0)
        // Twice around.
        for round in 0..<(300_000 / (size + 40)) {
            inbox.put([UInt8](repeating: 0x61, count: round % 9), payload(round, size: size))
            inbox.put([], payload(-round, size: size))
            var numbers: [Int] = []
            _ = inbox.drain { topic, bytes, _, _ in
                let found = number(bytes)
                numbers.append(found)
                let expected = payload(found, size: size)
                guard text(topic) == (found > 0 ? String(repeating: "a", count: round % 9) : ""),
                    bytes.withUnsafeBufferPointer({ $0.elementsEqual(expected) })
                else {
                    if round > 0 { Issue.record("round \(round) is damaged") }
                    return
                }
            } oversize: { _, _ in
                Issue.record("there was no large message")
            }
            inbox.release()
            guard numbers == [round, -round] else {
                Issue.record("\(numbers) in round \(round)")
                return
            }
        }
        #expect(inbox.overflow == 0)
        #expect(inbox.fill == 0)
    }

    @Test func `a full ring counts what it does not take`() throws {
        let inbox = try Inbox(bytes: 0)
        var put = 0
        while inbox.overflow == 0 {
            inbox.put(Array("t".utf8), [UInt8](repeating: 0x78, count: 999))
            put += 1
        }
        for _ in 0..<9 { inbox.put(Array("t".utf8), [UInt8](repeating: 0x78, count: 999)) }
        #expect(inbox.overflow == 10)
        // It was full: what is oldest is left out, and counted too.
        let taken = take(inbox)["t"] ?? 0
        #expect(taken + inbox.overflow == put + 9)
        #expect(taken > put / 4)
        inbox.put(Array("t".utf8), Array("again".utf8))
        #expect(inbox.takeAll() == ["t=again"])
    }

    /// Fills a ring to a level, message by message; the topics come from `topic`.
    private func fill(_ inbox: Inbox, to level: Double, topic: (Int) -> String) -> Int {
        var i = 0
        while inbox.fill < level {
            inbox.put(Array(topic(i).utf8), [UInt8](repeating: 0x78, count: 99), arrival: Int64(i))
            i += 1
        }
        return i
    }

    /// Takes what is there in small portions; counts topics.
    private func take(_ inbox: Inbox) -> [String: Int] {
        var counts: [String: Int] = [:]
        while inbox.drain(
            limit: 48,
            message: { topic, _, _, _ in counts[text(topic), default: 0] += 1 },
            oversize: { _, _ in }
        ) > 0 { inbox.release() }
        return counts
    }

    @Test func `a half full ring leaves out the busiest, and nobody else`() throws {
        let inbox = try Inbox(bytes: 0)
        // Every third message is of one topic; of each other few wait.
        let put = fill(inbox, to: 0.78) { $0 % 3 == 0 ? "busy" : "t-\($0 % 50)" }
        let counts = take(inbox)
        let others = counts.filter { $0.key != "busy" }.reduce(0) { $0 + $1.value }
        #expect(others == put - (put + 2) / 3)
        let busy = counts["busy"] ?? 0
        #expect(busy > 0 && busy < (put + 2) / 3)
        #expect(inbox.overflow == put - others - busy)
    }

    @Test func `a ring that is nearly full leaves out the oldest of all`() throws {
        let inbox = try Inbox(bytes: 0)
        let put = fill(inbox, to: 0.95) { "t-\($0 % 50)" }
        var first: Int64?
        var taken = 0
        while inbox.drain(
            limit: 48,
            message: { _, _, arrival, _ in
                first = first ?? arrival.microseconds
                taken += 1
            },
            oversize: { _, _ in }
        ) > 0 { inbox.release() }
        let lost = inbox.overflow
        #expect(lost + taken == put)
        #expect(first == Int64(lost), "those that went were the oldest")
        #expect((0.3...0.6).contains(Double(lost) / Double(put)))
    }

    @Test func `below a half nothing is left out, however uneven it is`() throws {
        let inbox = try Inbox(bytes: 0)
        let put = fill(inbox, to: 0.45) { $0 % 10 == 0 ? "rare-\($0)" : "busy" }
        #expect(take(inbox).values.reduce(0, +) == put)
        #expect(inbox.overflow == 0)
    }

    @Test func `of a message larger than a quarter of the ring only topic and size are kept`()
        throws
    {
        let inbox = try Inbox(bytes: 0)
        for _ in 0..<100 {
            inbox.put(Array("big".utf8), [UInt8](repeating: 0x78, count: inbox.largest + 1))
            inbox.put(Array("t".utf8), Array("1".utf8))
            #expect(inbox.takeAll() == ["big with \(inbox.largest + 1) bytes", "t=1"])
        }
        #expect(inbox.overflow == 0)
    }

    @Test func `a message of a quarter of the ring fits wherever the ring begins`() throws {
        let inbox = try Inbox(bytes: 0)
        for i in 0..<50 {
            inbox.put([], [UInt8](repeating: 0x78, count: inbox.largest - i))
            #expect(inbox.takeAll().first?.utf8.count == inbox.largest - i + 1)
        }
        #expect(inbox.overflow == 0)
    }

    @Test func `waiting ends at a message, at a wish, and in time`() throws {
        let inbox = try Inbox(bytes: 0)
        for put in [
            {
                inbox.put([0x61], [])
                inbox.wake()
            }, { inbox.put(.stop(nil)) },
        ] as [@Sendable () -> Void] {
            let thread = Thread { put() }
            thread.start()
            let begin = ContinuousClock.now
            inbox.wait(.seconds(20))
            #expect(.now - begin < .seconds(10))
            while !thread.isFinished { sched_yield() }
            // A signal that came too late for its wait ends the next one, which does no harm.
            inbox.wait(.zero)
            _ = inbox.takeAll()
            _ = inbox.takeControls()
        }
        let begin = ContinuousClock.now
        inbox.wait(.milliseconds(20))
        #expect(.now - begin >= .milliseconds(20))
    }

    @Test func `two threads hand over two hundred thousand messages, intact and in order`() throws {
        let inbox = try Inbox(bytes: 1 << 20)
        let count = 200_000
        let thread = Thread {
            for i in 0..<count {
                let bytes = payload(i, size: i % 13)
                while inbox.fill > 0.5 { sched_yield() }
                inbox.put([UInt8(truncatingIfNeeded: i)], bytes, arrival: Int64(i))
                if i % 64 == 63 || i == count - 1 { inbox.wake() }
            }
        }
        thread.start()
        var next = 0
        var damaged = 0
        let deadline = ContinuousClock.now + .seconds(60)
        while next < count, ContinuousClock.now < deadline {
            _ = inbox.drain { topic, bytes, arrival, _ in
                let expected = payload(next, size: next % 13)
                let isGood =
                    arrival.microseconds == Int64(next) && topic.count == 1
                    && topic[0] == UInt8(truncatingIfNeeded: next)
                    && bytes.withUnsafeBufferPointer { $0.elementsEqual(expected) }
                if !isGood { damaged += 1 }
                next += 1
            } oversize: { _, _ in
                damaged += 1
            }
            inbox.release()
            inbox.wait(.milliseconds(10))
        }
        _ = inbox.takeAll()
        #expect(next == count)
        #expect(damaged == 0)
        #expect(inbox.overflow == 0)
    }
}
