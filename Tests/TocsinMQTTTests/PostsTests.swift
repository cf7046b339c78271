import CAllocationCounter
import Foundation
import Testing
import TocsinThreads

@testable import TocsinMQTT

extension Posts {
    /// So many messages at most, in one ring.
    fileprivate convenience init(maximumCount: Int, bytes: Int) {
        self.init([ByteRing(bytes: max(bytes, 1 << 16))], maximumCount: maximumCount)
    }

    /// Puts in a message of the topic `t`.
    fileprivate func put(_ payload: [UInt8]) -> Bool {
        let topic: [UInt8] = [0x74, 0]
        return put(topic.span, payload.span)
    }

    fileprivate func put(_ topic: Span<UInt8>, _ payload: Span<UInt8>) -> Bool {
        defer { show(ring: 0) }
        return put(topic: topic, payload: payload, ring: 0)
    }

    /// Takes one out unseen.
    fileprivate func skip() -> Bool { takeFirst { _, _ in } }
}

struct PostsTests {
    private func bytes(_ number: Int, size: Int) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }
            + (0..<size).map { UInt8(truncatingIfNeeded: number &* 31 &+ $0) }
    }

    /// The payloads that wait, and a damage report for topics that are not `t` and a NUL.
    private func takeAll(_ ring: Posts) -> [[UInt8]] {
        var found: [[UInt8]] = []
        while ring.takeFirst({ topic, payload in
            let isGood = topic.withUnsafeBufferPointer { $0.elementsEqual([0x74, 0]) }
            found.append(isGood ? payload.withUnsafeBufferPointer { Array($0) } : [])
        }) {}
        return found
    }

    @Test(arguments: [0, 1, 3, 4, 5, 7, 8, 9, 100, 1_000, 20_001])
    func `messages of every size survive the end of the ring`(size: Int) {
        let ring = Posts(maximumCount: 10, bytes: 0)
        // The smallest ring has 64 KiB: twice around.
        for round in 0..<(140_000 / (size + 24)) {
            let expected = [bytes(round, size: size), bytes(-round, size: size / 2)]
            for payload in expected {
                #expect(ring.put(payload))
            }
            #expect(ring.count == 2)
            guard takeAll(ring) == expected else {
                Issue.record("round \(round) is damaged")
                return
            }
        }
        #expect(ring.isEmpty && ring.count == 0 && ring.bytes == 0)
    }

    @Test func `a full ring refuses, and takes again what was made room for`() {
        let ring = Posts(maximumCount: 1_000_000, bytes: 0)
        var count = 0
        while ring.put(bytes(count, size: 500)) { count += 1 }
        #expect(count > 120)
        #expect(!ring.put(bytes(count, size: 500)))
        #expect(ring.skip())
        #expect(ring.put(bytes(count, size: 400)))
        let found = takeAll(ring)
        #expect(found.count == count)
        #expect(found.first == bytes(1, size: 500) && found.last == bytes(count, size: 400))
    }

    @Test func `more messages than are wanted are refused, however small`() {
        let ring = Posts(maximumCount: 3, bytes: 1 << 20)
        let taken = (0..<5).map { _ in ring.put([]) }
        #expect(taken == [true, true, true, false, false])
        #expect(ring.removeAll() == 3)
        #expect(ring.isEmpty)
    }

    @Test func `two threads hand over a hundred thousand messages, intact and in order`() {
        let ring = Posts(maximumCount: 1_000, bytes: 0)
        let count = 100_000
        let thread = Thread {
            for i in 0..<count {
                let payload = bytes(i, size: i % 13)
                while !ring.put(payload) { sched_yield() }
            }
        }
        thread.start()
        var next = 0
        var damaged = 0
        let deadline = ContinuousClock.now + .seconds(60)
        while next < count, ContinuousClock.now < deadline {
            for payload in takeAll(ring) {
                if payload != bytes(next, size: next % 13) { damaged += 1 }
                next += 1
            }
            sched_yield()
        }
        #expect(next == count && damaged == 0)
    }

    @Test func `what is not shown is not sent, and rings do not stand in each other's way`() {
        let rings = [ByteRing(bytes: 1 << 16), ByteRing(bytes: 1 << 16)]
        let posts = Posts(rings, maximumCount: 10)
        let topic: [UInt8] = [0x74, 0]
        for ring in 0..<2 {
            let payload = bytes(ring + 1, size: 0)
            let isPut = posts.put(topic: topic.span, payload: payload.span, ring: ring)
            #expect(isPut)
        }
        #expect(posts.isEmpty && posts.count == 2)
        #expect(takeAll(posts).isEmpty)
        posts.show(ring: 1)
        #expect(takeAll(posts) == [bytes(2, size: 0)])
        posts.show(ring: 0)
        #expect(takeAll(posts) == [bytes(1, size: 0)])
    }

    @Test func `a post allocates nothing`() {
        let ring = Posts(maximumCount: 1_000, bytes: 1 << 20)
        let topic: [UInt8] = [0x74, 0]
        let payload = bytes(1, size: 300)
        // What a type needs when it is first used is allocated once.
        for _ in 0..<10 { _ = ring.put(topic.span, payload.span) }
        let before = allocation_counter_read()
        for _ in 0..<500 { _ = ring.put(topic.span, payload.span) }
        let after = allocation_counter_read()
        #expect(after == before)
        #expect(ring.count == 510)
    }
}
