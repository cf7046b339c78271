import Testing
import TocsinCore
import TocsinTestSupport

@testable import TocsinDaemon

/// A search that tests can ask within an expectation.
private final class Bench {
    private var redelivery = Redelivery()

    private let start = Timestamp(microseconds: 1_767_225_600_000_000)

    func begin(_ deliveries: [Delivery]) { redelivery.begin(deliveries, now: start) }

    func recognises(_ delivery: Delivery, after time: Duration = .seconds(1)) -> Bool {
        redelivery.recognises(delivery, now: start + time)
    }
}

/// Which messages the broker sends again.
struct DeliveryLogTests {
    private func delivery(_ identifier: Int, _ text: String = "21.5") -> Delivery {
        Delivery(
            Array("sensors/a".utf8).span,
            Array(text.utf8).span,
            UInt16(truncatingIfNeeded: identifier)
        )
    }

    @Test func `what was put in is remembered, and what was about to be is not`() throws {
        let memory = try StateMemory(inbox: 1 << 16, posts: 1 << 16)
        defer { withExtendedLifetime(memory) {} }
        let log = memory.deliveries
        log.note(delivery(1), shard: 0, place: 0)
        log.note(delivery(2), shard: 1, place: 500)
        log.note(delivery(3), shard: 0, place: 64)
        log.note(delivery(4), shard: 2, place: 0)
        #expect(log.deliveries(until: [64, 501]) == [delivery(1), delivery(2)])
        #expect(log.deliveries(until: [65, 501]) == [delivery(1), delivery(2), delivery(3)])
        log.clear()
        #expect(log.deliveries(until: [65, 501]).isEmpty)
    }

    @Test func `the last thousand are remembered, and handed on`() throws {
        let memory = try StateMemory(inbox: 1 << 16, posts: 1 << 16)
        for i in 1...3_000 { memory.deliveries.note(delivery(i), shard: 0, place: i) }
        let known = memory.deliveries.deliveries(until: [4_000])
        #expect(known == (1_977...3_000).map { delivery($0) })
        let next = try StateMemory(inbox: 1 << 16, posts: 1 << 16)
        next.deliveries.takeOver(known)
        #expect(next.deliveries.deliveries(until: [0]) == known)
        withExtendedLifetime((memory, next)) {}
    }

    @Test func `a message counts as the same by identifier and content, until a new one comes`() {
        let redelivery = Bench()
        let known = [delivery(1, "a"), delivery(2, "b"), delivery(3, "c"), delivery(4, "d")]
        redelivery.begin(known)
        // The first was acknowledged.
        #expect(redelivery.recognises(delivery(2, "b")))
        #expect(redelivery.recognises(delivery(3, "c")))
        #expect(!redelivery.recognises(delivery(3, "c")), "once each")
        #expect(!redelivery.recognises(delivery(4, "d")), "a new one has come")
        redelivery.begin(known)
        #expect(!redelivery.recognises(delivery(2, "other")), "the identifier is another's now")
        redelivery.begin([])
        #expect(!redelivery.recognises(delivery(1, "a")), "a new session")
    }

    @Test func `an identifier is the last message's that had it`() {
        let redelivery = Bench()
        redelivery.begin([delivery(1, "old"), delivery(2, "b"), delivery(1, "new")])
        #expect(redelivery.recognises(delivery(1, "new")))
    }

    @Test func `who says the same for hours is heard again after ten seconds`() {
        let redelivery = Bench()
        redelivery.begin((1...100).map { delivery($0) })
        #expect(redelivery.recognises(delivery(1), after: .seconds(9.9)))
        #expect(!redelivery.recognises(delivery(2), after: .seconds(10)))
        #expect(!redelivery.recognises(delivery(3), after: .seconds(1)), "it is over")
    }
}
