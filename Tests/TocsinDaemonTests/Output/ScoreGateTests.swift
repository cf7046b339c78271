import Testing
import TocsinCore

@testable import TocsinDaemon

/// A gate, and what it keeps in the devices' records.
private struct Gate {
    var gate: ScoreGate
    var devices: [PublishedScore] = []
    var thinned: Int { gate.thinned }

    init(_ policy: ScorePolicy) { gate = ScoreGate(policy) }

    mutating func passes(device: Int, time: Timestamp, score: Double?, novelty: Double?) -> Bool {
        while devices.count <= device { devices.append(PublishedScore()) }
        return gate.passes(
            device: device,
            memory: &devices[device],
            time: time,
            score: score,
            novelty: novelty
        )
    }
}

struct ScoreGateTests {
    private func policy(_ change: (inout ScorePolicy) -> Void) -> ScorePolicy {
        var policy = ScorePolicy()
        change(&policy)
        return policy
    }

    /// Which of one device's scores pass, one a second; a NaN is no score.
    private func passing(_ policy: ScorePolicy, _ scores: [Double]) -> [Int] {
        var gate = Gate(policy)
        return scores.indices.filter { i in
            let score = scores[i].isNaN ? nil : scores[i]
            return gate.passes(device: 0, time: second(Double(i)), score: score, novelty: score)
        }
    }

    private func second(_ seconds: Double) -> Timestamp {
        Timestamp(microseconds: 1_767_225_600_000_000 + Int64(seconds * 1e6))
    }

    /// How many scores of each device pass, and the most in any one second.
    private func fleet(
        _ policy: ScorePolicy,
        devices: Int,
        seconds: Int,
        perSecond: Int = 1,
        score: (Int) -> Double = { _ in 0.5 }
    ) -> (counts: [Int], peak: Int, gate: Gate) {
        var gate = Gate(policy)
        var counts = Array(repeating: 0, count: devices)
        var peak = 0
        for tick in 0..<seconds {
            var sum = 0
            for part in 0..<perSecond {
                for device in 0..<devices {
                    let time = second(Double(tick) + Double(part) / Double(perSecond))
                    let isSent = gate.passes(
                        device: device,
                        time: time,
                        score: score(device),
                        novelty: score(device)
                    )
                    if isSent {
                        counts[device] += 1
                        sum += 1
                    }
                }
            }
            peak = max(peak, sum)
        }
        return (counts, peak, gate)
    }

    @Test func `by default every score of a small fleet passes`() {
        let (counts, _, gate) = fleet(ScorePolicy(), devices: 900, seconds: 20)
        #expect(counts.allSatisfy { $0 == 20 })
        #expect(gate.thinned == 0)
        // A hundred a second of a few devices are no more than one a second of many.
        let fast = fleet(ScorePolicy(), devices: 9, seconds: 5, perSecond: 100)
        #expect(fast.counts.allSatisfy { $0 == 500 })
    }

    @Test func `ten thousand devices at one a second share a thousand messages evenly`() {
        let (counts, peak, gate) = fleet(ScorePolicy(), devices: 10_000, seconds: 41)
        #expect(counts.reduce(0, +) <= 1_000 * 41 + 1_000)
        #expect(counts.allSatisfy { (3...6).contains($0) }, "four turns of ten seconds")
        #expect(peak <= 2_000, "they do not all send at once")
        #expect(gate.thinned == 10_000 * 41 - counts.reduce(0, +))
    }

    @Test func `the limit holds for rates that are no multiple of it`() {
        let policy = policy { $0.perSecond = 100 }
        let (counts, peak, _) = fleet(policy, devices: 150, seconds: 300, perSecond: 3)
        #expect((29_000...30_300).contains(counts.reduce(0, +)))
        #expect(counts.allSatisfy { (190...205).contains($0) })
        #expect(peak <= 200, "also in the first second, when all appear")
    }

    @Test func `devices above the boundary come first`() {
        let policy = policy { $0.perSecond = 100 }
        let (counts, _, _) = fleet(policy, devices: 1_000, seconds: 100) { $0 < 50 ? 1.2 : 0.5 }
        #expect(counts[..<50].allSatisfy { $0 >= 99 }, "all of theirs pass")
        // 950 others share the 50 a second that are left: one in 19 seconds each.
        #expect(counts[50...].allSatisfy { (4...7).contains($0) })
    }

    @Test func `a fleet that is above the boundary as a whole is held to the limit, too`() {
        let policy = policy { $0.perSecond = 100 }
        let (counts, _, _) = fleet(policy, devices: 1_000, seconds: 100) { _ in 2 }
        #expect(counts.reduce(0, +) <= 100 * 100 + 200)
        #expect(counts.allSatisfy { $0 >= 9 })
    }

    @Test func `a score that crosses the boundary passes, up and down`() {
        var gate = Gate(policy { $0.perSecond = 10 })
        var passed: [Int] = []
        for tick in 0..<40 {
            for device in 0..<200 {
                // One device is above for two seconds.
                let score = device == 77 && (20...21).contains(tick) ? 1.5 : 0.5
                let isSent = gate.passes(
                    device: device,
                    time: second(Double(tick)),
                    score: score,
                    novelty: 0.5
                )
                if isSent, device == 77 { passed.append(tick) }
            }
        }
        #expect(passed.contains(20) && passed.contains(21), "above")
        #expect(passed.contains(22), "and back")
        #expect(!passed.contains(23))
    }

    @Test func `the same frames lead to the same messages`() {
        let policy = policy { $0.perSecond = 30 }
        let first = fleet(policy, devices: 100, seconds: 60)
        let second = fleet(policy, devices: 100, seconds: 60)
        #expect(first.counts == second.counts && first.gate.thinned == second.gate.thinned)
    }

    @Test func `without a limit nothing is thinned`() {
        let (counts, _, gate) = fleet(policy { $0.perSecond = 0 }, devices: 5_000, seconds: 3)
        #expect(counts.allSatisfy { $0 == 3 } && gate.thinned == 0)
    }

    @Test func `an interval is kept from message to message`() {
        let policy = policy { $0.interval = .seconds(3) }
        #expect(passing(policy, Array(repeating: 0.5, count: 10)) == [0, 3, 6, 9])
    }

    @Test func `a change counts from the last message, not from the last score`() {
        let policy = policy { $0.change = 0.25 }
        let scores = [.nan, .nan, 0.5, 0.625, 0.75, 0.875, 0.75, 0.5, .nan]
        #expect(passing(policy, scores) == [0, 2, 4, 7, 8])
    }

    @Test func `a change of the novelty alone is a change`() {
        var gate = Gate(policy { $0.change = 0.25 })
        let scores = [(2, 1), (2.125, 0.875), (2, 0.75)]
        let passed = scores.indices.map { i in
            let (score, novelty) = scores[i]
            return gate.passes(
                device: 0,
                time: second(Double(i)),
                score: score,
                novelty: novelty
            )
        }
        #expect(passed == [true, false, true])
    }

    @Test func `above a level every score passes, and the first below it`() {
        let policy = policy { $0.level = 0.8 }
        let scores = [.nan, 0.5, 0.8, 0.9, 0.7, 0.5, 1, .nan, .nan]
        #expect(passing(policy, scores) == [2, 3, 4, 6, 7])
    }

    @Test func `what is not wanted does not count as thinned`() {
        let policy = policy {
            $0.level = 1
            $0.perSecond = 10
        }
        let (counts, _, gate) = fleet(policy, devices: 1_000, seconds: 5)
        #expect(counts.allSatisfy { $0 == 0 } && gate.thinned == 0)
    }
}
