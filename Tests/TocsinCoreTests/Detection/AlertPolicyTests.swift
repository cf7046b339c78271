import Testing

@testable import TocsinCore

struct AlertPolicyTests {
    /// Transitions as text, one letter per frame, a frame a second.
    private func run(_ levels: [Double], _ policy: AlertPolicy) -> String {
        var condition = AlertCondition()
        return levels.enumerated().map { i, level in
            switch condition.update(level: level, time: .at(Double(i)), policy: policy) {
            case .raised: "R"
            case .reminded: "M"
            case .cleared: "C"
            case nil: condition.isRaised ? "+" : "."
            }
        }.joined()
    }

    @Test(arguments: [
        // Two in a row at or above 1 raise, three below 0.5 clear.
        ([1, 0.9, 1, 1, 1], "...R+"), ([1, 1, 0.4, 0.4, 0.4, 0.4], ".R++C."),
        ([2, 2, 0.4, 0.4, 0.5, 0.4, 0.4, 0.4], ".R+++++C"),
        ([2, 2, 0.7, 0.7, 0.7, 0.7, 0.7], ".R+++++"),
        ([2, 2, 0, 0, 0, 2, 2, 0, 0, 0], ".R++C.R++C"), ([0.99, 0.99, 0.99], "..."),
    ])
    func `dwell and hysteresis stand between level and alert`(levels: [Double], text: String) {
        #expect(run(levels, AlertPolicy(raiseAfter: 2, clearAfter: 3)) == text)
    }

    @Test func `a raised alert is said again at the interval`() {
        let policy = AlertPolicy(raiseAfter: 1, clearAfter: 2, reminder: .seconds(3))
        #expect(run([2, 2, 2, 2, 2, 2, 2, 0, 0], policy) == "R++M++M+C")
        #expect(run([2, 2, 2, 2, 2], AlertPolicy(raiseAfter: 1)) == "R++++")
    }

    @Test func `the next alert waits for the gap`() {
        let policy = AlertPolicy(raiseAfter: 1, clearAfter: 1, minimumGap: .seconds(4))
        #expect(run([2, 0, 2, 2, 2, 2, 0], policy) == "RC...RC")
    }

    @Test func `since is the first frame of the dwell, peak the highest level since`() {
        var condition = AlertCondition()
        let policy = AlertPolicy(raiseAfter: 3, clearAfter: 2)
        for (i, level) in [5, 0, 1, 4, 2, 3, 0].enumerated() {
            _ = condition.update(level: Double(level), time: .at(Double(i)), policy: policy)
        }
        #expect(condition.isRaised)
        #expect(condition.since == .at(2))
        #expect(condition.peak == 4)
    }

    @Test func `what is raised at once is cleared at once, and each only once`() {
        var condition = AlertCondition()
        #expect(condition.clear(time: .at(0)) == nil)
        #expect(condition.raise(level: 2, since: .at(1), time: .at(5)) == .raised)
        #expect(condition.raise(level: 3, since: .at(2), time: .at(6)) == nil)
        #expect(condition.since == .at(1))
        #expect(condition.peak == 3)
        #expect(condition.clear(time: .at(7)) == .cleared)
        #expect(!condition.isRaised)
    }

    @Test func `a saved condition goes on`() throws {
        let policy = AlertPolicy(
            raiseAfter: 2,
            clearAfter: 3,
            reminder: .seconds(5),
            minimumGap: .seconds(6)
        )
        var random = SeededGenerator(seed: 1)
        var condition = AlertCondition()
        var transitions: Set<AlertCondition.Transition?> = []
        for i in 0..<600 {
            var writer = StateWriter()
            condition.save(to: &writer)
            var restored = AlertCondition()
            var reader = StateReader(writer.bytes[...])
            try restored.restore(from: &reader)
            #expect(restored == condition)
            let level = random.uniform() < 0.3 ? 0 : random.number(in: 0...2)
            let times = i / 40 % 2 == 0 ? level : min(level, 0.4)
            let transition = condition.update(level: times, time: .at(Double(i)), policy: policy)
            transitions.insert(transition)
        }
        #expect(transitions.count == 4)
    }
}
