import Testing

@testable import TocsinCore

/// The clock that stamps arrivals is set while samples come.
struct ClockStepTests {
    private static let start = Timestamp(microseconds: 1_780_315_200_000_000)

    /// What a second of one device leads to, by a clock that is `ahead` of the true one.
    private func send(
        _ line: inout Line,
        _ second: Int,
        ahead: Duration,
        time: Int? = nil,
        device: String = "p1"
    ) throws {
        var random = SeededGenerator(seed: UInt64(second))
        let values = healthyValues(second, channels: 2, &random)
        let stamp =
            time.map { ",\"time\":\(Self.start.microseconds + Int64($0) * 1_000_000)" } ?? ""
        try line.take(
            "s/\(device)",
            #"{"a":\#(values[0]),"b":\#(values[1])\#(stamp)}"#,
            // What is sent arrives a moment later.
            at: Self.start + .seconds(second) + ahead + .milliseconds(20)
        )
    }

    private func tick(_ line: inout Line, _ second: Int, ahead: Duration) {
        var found: [Said] = []
        line.fleet.tick(Self.start + .seconds(second) + ahead + .milliseconds(30)) {
            found.append(Said($0))
        }
        line.assessments += found
    }

    @Test(arguments: [-3600, 86_400, -1, 1, -5, 0])
    func `scores after it are those of a clock that was never set`(step: Int) throws {
        let step = Duration.seconds(step)
        var set = try Line(.small())
        var never = try Line(.small())
        for second in 0..<40 {
            try send(&set, second, ahead: .zero)
            try send(&never, second, ahead: .zero)
        }
        set.fleet.clockWasSet(by: step)
        for second in 40..<80 {
            tick(&set, second, ahead: step)
            tick(&never, second, ahead: .zero)
            try send(&set, second, ahead: step)
            try send(&never, second, ahead: .zero)
        }
        #expect(set.assessments.count == 80)
        #expect(set.assessments.map(\.score?.value) == never.assessments.map(\.score?.value))
        #expect(set.assessments.map(\.score?.novelty) == never.assessments.map(\.score?.novelty))
        let times = set.assessments.map(\.time)
        #expect(times[..<40] == never.assessments.map(\.time)[..<40])
        #expect(times[40...].elementsEqual(never.assessments[40...].map { $0.time + step }))
        #expect(set.fleet.counters == never.fleet.counters)
        #expect(set.alerts.count == never.alerts.count)
    }

    @Test(arguments: [-3600, 86_400])
    func `without being told, an hour of samples would be late, or the state be lost`(
        step: Int
    ) throws {
        var line = try Line(.small())
        for second in 0..<20 { try send(&line, second, ahead: .zero) }
        for second in 20..<40 { try send(&line, second, ahead: .seconds(step)) }
        let counters = line.fleet.counters
        #expect(step < 0 ? counters.late == 40 : counters.resets == 1)
    }

    @Test(arguments: [-1800, 86_400])
    func `samples with a time of their own stay where they are`(step: Int) throws {
        let step = Duration.seconds(step)
        var line = try Line(.small())
        for second in 0..<20 { try send(&line, second, ahead: .zero, time: second) }
        line.fleet.clockWasSet(by: step)
        for second in 20..<40 {
            tick(&line, second, ahead: step)
            try send(&line, second, ahead: step, time: second)
        }
        #expect(line.assessments.count == 40)
        #expect(line.assessments.last?.time == Self.start + .seconds(39))
        #expect(line.fleet.counters.resets == 0)
        #expect(line.alerts.isEmpty)
    }

    @Test(arguments: [-3600, 86_400])
    func `nobody is silent because of it, and who was silent is still`(step: Int) throws {
        let step = Duration.seconds(step)
        var line = try Line(.small())
        for second in 0..<10 {
            try send(&line, second, ahead: .zero)
            try send(&line, second, ahead: .zero, time: second, device: "p2")
        }
        line.fleet.clockWasSet(by: step)
        for second in 10..<38 {
            tick(&line, second, ahead: step)
            try send(&line, second, ahead: step)
        }
        #expect(line.alerts.isEmpty)
        // 30 s at least, the policy says; the last was sent at second 9.
        for second in 38..<60 {
            try send(&line, second, ahead: step)
            tick(&line, second, ahead: step)
        }
        #expect(line.alerts.map(\.device) == ["p2"])
        #expect(line.alerts.first?.kind == .silence)
    }

    @Test func `a device whose clock is ahead makes the others of its stream no more silent`()
        throws
    {
        var line = try Line(.small())
        for second in 0..<60 {
            try send(&line, second, ahead: .zero, time: second + 600, device: "fast")
            try send(&line, second, ahead: .zero, time: second)
            tick(&line, second, ahead: .zero)
        }
        #expect(line.alerts.isEmpty)
    }

    @Test func `an alert that is raised keeps its name, and lasts no negative time`() throws {
        var condition = AlertCondition()
        let policy = AlertPolicy(raiseAfter: 1, clearAfter: 1, minimumGap: .seconds(60))
        #expect(condition.update(level: 2, time: Self.start, policy: policy) == .raised)
        condition.clockWasSet(by: .seconds(-3600))
        #expect(condition.since == Self.start)
        let later = Self.start - .seconds(3590)
        #expect(condition.update(level: 0, time: later, policy: policy) == .cleared)
        // The pause after it takes a minute, and not an hour and one.
        condition.clockWasSet(by: .seconds(-3600))
        let after = later - .seconds(3600)
        #expect(condition.update(level: 2, time: after + .seconds(59), policy: policy) == nil)
        #expect(condition.update(level: 2, time: after + .seconds(61), policy: policy) == .raised)
    }

    @Test func `a device from the future begins anew, if its samples have the time of arrival`()
        throws
    {
        for (hours, hasTime, resets) in [(2, false, 1), (2, true, 0), (1, false, 0)] {
            var line = try Line(.small())
            for second in 0..<20 { try send(&line, second, ahead: .zero) }
            for second in 20..<40 {
                try send(
                    &line,
                    second,
                    ahead: .seconds(-3600 * hours),
                    time: hasTime ? second - 3600 * hours : nil
                )
            }
            #expect(line.fleet.counters.resets == resets, "\(hours), \(hasTime)")
            #expect(line.assessments.count == (resets == 1 ? 40 : 20))
        }
    }
}
