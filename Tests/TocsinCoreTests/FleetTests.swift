import CAllocationCounter
import Testing
import TocsinTestNumbers
import TocsinNN

@testable import TocsinCore

struct FleetTests {
    /// Values that behave until `change`, and are shifted by `shift` from there on.
    private func feed(
        _ line: inout Line,
        _ frames: Range<Int>,
        shiftedFrom change: Int = .max,
        by shift: Double = 12,
        seed: UInt64 = 1
    ) {
        for t in frames {
            var random = SeededGenerator(seed: seed &* 1_000_003 &+ UInt64(t))
            var values = healthyValues(t, channels: 2, &random)
            if t >= change { values[0] += shift }
            line.take(0, Double(t), values)
        }
    }

    private func started(
        _ model: Model,
        policies: AlertPolicies = AlertPolicies(),
        lateness: Duration = .zero
    ) throws -> Line {
        var line = try Line(model, policies: policies, lateness: lateness)
        let number = line.fleet.add("p1", model: model, stream: 0, now: .at(0))
        #expect(number == 0)
        return line
    }

    @Test func `nothing is scored while the state is warming up`() throws {
        var line = try started(.small(warmUp: 4))
        feed(&line, 0..<8)
        #expect(
            line.assessments.map { $0.score == nil } == [
                true, true, true, true, false, false, false, false,
            ]
        )
        #expect(line.assessments.map(\.isWarm) == line.assessments.map { $0.score != nil })
        #expect(
            line.assessments.map { $0.drift == nil } == line.assessments.map { $0.score == nil }
        )
        // The first frame cannot have been foreseen.
        #expect(line.assessments.map { $0.expected[0].isNaN }.filter { $0 }.count == 1)
    }

    @Test func `what is out of the ordinary scores above what is not, and rings`() throws {
        var line = try started(.small())
        feed(&line, 0..<200, shiftedFrom: 150)
        let scores = line.assessments.compactMap { $0.score?.value }
        #expect(scores.count == 196)
        #expect(try #require(scores[..<146].max()) < 1)
        #expect(try #require(scores[150...].min()) > 1)
        let alert = try #require(line.alerts.first { $0.kind == .anomaly })
        #expect(alert.state == .raised)
        #expect(alert.channels.first?.channel == "a")
        expectClose([alert.channels.reduce(0) { $0 + $1.share }], [1], tolerance: 1e-9)
        #expect(line.assessments.last?.shares.reduce(0, +) ?? 0 > 0.999)
    }

    @Test func `a gap resets the state and is announced`() throws {
        var line = try started(.small(warmUp: 4))
        feed(&line, 0..<10)
        let before = line.assessments.count
        feed(&line, 100..<110)
        // Silence came and went at the gap; what is left is of a frame.
        let after = line.assessments[before...].filter { $0.isOfFrame }
        #expect(after.map(\.isAfterGap) == [true] + Array(repeating: false, count: 9))
        #expect(after.map { $0.score != nil } == after.indices.map { $0 >= 4 })
        #expect(line.fleet.counters.resets == 1)
        #expect(line.fleet.devices[0].resets == 1)
        #expect(line.fleet.devices[0].framesSinceReset == 10)
        // A device that was never heard of before scores the same.
        var other = try started(.small(warmUp: 4))
        feed(&other, 100..<110)
        #expect(after.map { $0.score } == other.assessments.map { $0.score })
    }

    @Test func `a short gap is stepped through without a score`() throws {
        var line = try started(.small(warmUp: 4))
        feed(&line, 0..<10)
        feed(&line, 14..<20)
        #expect(line.assessments.count == 20)
        #expect(line.assessments[10..<14].allSatisfy { $0.score == nil && $0.isWarm })
        #expect(line.assessments[14...].allSatisfy { $0.score != nil })
        #expect(line.fleet.counters.resets == 0)
    }

    @Test func `a frame that was open before a gap is judged first`() throws {
        var line = try started(.small(), lateness: .seconds(3))
        feed(&line, 0..<10)
        var found: [Said] = []
        let half = Sample(device: 0, channel: 1, time: .at(10), value: 10)
        line.fleet.take(half, arrival: .at(10)) { found.append(Said($0)) }
        let late = Sample(device: 0, channel: 0, time: .at(100), value: 10)
        line.fleet.take(late, arrival: .at(100)) { found.append(Said($0)) }
        line.fleet.assess { found.append(Said($0)) }
        // Silence first, since the gap is longer than 30 seconds, then what was left.
        let frames = found.filter { $0.isOfFrame }
        #expect(frames.map(\.time) == [.at(10)])
        #expect(frames.first?.values[1] == 10)
    }

    @Test func `silence is raised by the clock and cleared by the next sample`() throws {
        var line = try started(.small())
        feed(&line, 0..<10)
        for t in 10..<39 { line.tick(Double(t)) }
        #expect(line.alerts.isEmpty)
        line.tick(39)
        line.tick(60)
        #expect(line.alerts.map(\.state) == [.raised])
        #expect(line.alerts[0].kind == .silence)
        #expect(line.alerts[0].since == .at(9))
        #expect(line.alerts[0].sentence == "p1 is silent since 2026-01-01T00:00:09.000Z")
        feed(&line, 70..<71)
        #expect(line.alerts.map(\.state) == [.raised, .cleared])
        #expect(line.alerts[1].id == line.alerts[0].id)
        #expect(line.alerts[1].sentence == "p1: silence is over after 1 min 1 s")
    }

    @Test func `a pause that is usual is no silence, twice as long a one is`() throws {
        let faults = FaultLimits(still: [0, 0], absent: [0, 0], usualGap: 100)
        var line = try started(.small(faults: faults))
        feed(&line, 0..<10)
        line.tick(208)
        #expect(line.alerts.isEmpty)
        line.tick(209)
        #expect(line.alerts.map(\.state) == [.raised])
        #expect(line.alerts[0].time == .at(209))
        feed(&line, 300..<301)
        #expect(line.alerts.map(\.state) == [.raised, .cleared])
    }

    @Test func `a fault that comes and goes is one fault`() throws {
        let faults = FaultLimits(still: [4, 0], absent: [0, 0])
        var line = try started(.small(faults: faults))
        let values = (0..<60).map { (30..<40).contains($0) ? $0 - 30 : $0 < 40 ? 5 : 100 + $0 }
        for t in 0..<60 {
            // Stuck but for one frame in eight, then sound.
            let value = t < 40 && t % 8 != 0 ? 11 : 10 + Double(values[t] % 3) / 2
            line.take(0, Double(t), [value, 10])
        }
        #expect(line.alerts.filter { $0.kind == .fault }.map(\.state) == [.raised, .cleared])
    }

    @Test func `silence is seen in event time too, as in a recording`() throws {
        var line = try started(.small())
        feed(&line, 0..<10)
        feed(&line, 50..<51)
        #expect(line.alerts.map(\.kind) == [.silence, .silence])
        #expect(line.alerts.map(\.state) == [.raised, .cleared])
        // One device stays behind the others of its stream.
        let second = line.fleet.add("p2", model: try .small(), stream: 0, now: .at(51))
        #expect(second == 1)
        for t in 51..<90 { line.take(1, Double(t), [10, 10]) }
        line.tick(51.5)
        #expect(line.alerts.map(\.device) == ["p1", "p1", "p1"])
    }

    /// Two devices, of which the second one's clock is right for some time, then an hour ahead.
    private func withClockAhead(from start: Int) throws -> Line {
        var line = try started(.small())
        _ = line.fleet.add("p2", model: try .small(), stream: 0, now: .at(0))
        for t in 0..<20 {
            line.take(0, Double(t), [10, 10])
            let second = Double(t < start ? t : t + 3600)
            line.take(1, second, [10, 10], arrival: Double(t))
            line.tick(Double(t))
        }
        return line
    }

    @Test(arguments: [0, 10])
    func `a clock that is ahead, or leaps, makes nobody else silent`(start: Int) throws {
        let line = try withClockAhead(from: start)
        // Who leaps was silent by its own clock.
        #expect(line.alerts.map(\.device) == (start == 0 ? [] : ["p2", "p2"]))
    }

    @Test(arguments: [0, 10])
    func `whose clock is ahead still says that time passes`(start: Int) throws {
        var line = try withClockAhead(from: start)
        let before = line.alerts.count
        for t in 20..<48 { line.take(1, Double(t + 3600), [10, 10], arrival: 20) }
        line.tick(20)
        #expect(line.alerts.count == before)
        for t in 48..<52 { line.take(1, Double(t + 3600), [10, 10], arrival: 20) }
        line.tick(20)
        #expect(line.alerts.dropFirst(before).map(\.device) == ["p1"])
    }

    @Test func `a reload does not forget whose clock is ahead`() throws {
        var line = try withClockAhead(from: 0)
        let kept = line.fleet.reload(
            names: ["json"],
            intake: line.intake,
            policies: line.fleet.policies,
            now: .at(19)
        ) { _ in }
        #expect(kept == 2)
        line.tick(20)
        #expect(line.alerts.isEmpty)
    }

    @Test(arguments: [false, true])
    func `devices that come from several fleets begin to be silent anew`(isForgotten: Bool) throws {
        var line = try withClockAhead(from: 0)
        for t in 20..<52 { line.take(1, Double(t + 3600), [10, 10], arrival: 20) }
        if isForgotten { line.fleet.forgetStreamTimes() }
        line.tick(20)
        #expect(line.alerts.map(\.device) == (isForgotten ? [] : ["p1"]))
    }

    @Test func `time alone makes nothing of a device that was never heard`() throws {
        var line = try started(.small())
        line.tick(1e6)
        #expect(line.assessments.isEmpty)
        let old = Sample(device: 0, channel: 0, time: .at(0), value: 1, isRetained: true)
        line.fleet.take(old, arrival: .at(1e6)) { _ in Issue.record("assessed") }
        line.tick(2e6)
        #expect(line.assessments.isEmpty)
    }

    @Test func `an incomplete frame leaves when the clock says that nobody will complete it`()
        throws
    {
        var line = try started(.small(), lateness: .seconds(2))
        line.fleet.take(Sample(device: 0, channel: 0, time: .at(0), value: 1), arrival: .at(0)) {
            _ in
        }
        line.tick(4)
        #expect(line.assessments.isEmpty)
        line.tick(5.5)
        #expect(line.assessments.map(\.isFresh) == [[true, false]])
    }

    @Test func `a recording's end flushes what is left`() throws {
        var line = try started(.small(), lateness: .seconds(2))
        line.take(0, 0, [1])
        #expect(line.assessments.isEmpty)
        var found: [Timestamp] = []
        line.fleet.flush { found.append($0.time) }
        #expect(found == [.at(0)])
    }

    @Test func `duplicates and late samples are counted and change nothing`() throws {
        var line = try started(.small())
        feed(&line, 0..<10)
        line.take(0, 10, [5])
        let before = line.saved(0)
        line.take(0, 10, [6])
        line.take(0, 3, [7, 7])
        #expect(line.saved(0) == before)
        #expect(line.fleet.counters.duplicates == 1)
        #expect(line.fleet.counters.late == 2)
        #expect(line.fleet.counters.samples == 24)
        #expect(line.fleet.counters.frames == 10)
    }

    @Test func `an anomaly that lasts is drift, too`() throws {
        // The threshold of the indexes is out of reach, so that only the duration can ring.
        let model = try Model.small(driftThreshold: 1e9)
        var policies = AlertPolicies()
        policies.driftAfter = .seconds(100)
        var line = try started(model, policies: policies)
        feed(&line, 0..<400, shiftedFrom: 150)
        let anomaly = try #require(line.alerts.first { $0.kind == .anomaly })
        let drift = try #require(line.alerts.first { $0.kind == .drift })
        // The fifth frame in a row at the level, counted from the first.
        #expect(drift.time - anomaly.since == .seconds(104))
        var without = try started(model)
        feed(&without, 0..<400, shiftedFrom: 150)
        #expect(!without.alerts.contains { $0.kind == .drift })
    }

    @Test func `devices do not disturb each other`() throws {
        let model = try Model.small()
        var alone: [[Said]] = []
        for d in 0..<3 {
            var line = try started(model)
            feed(&line, 0..<60, shiftedFrom: 40, seed: UInt64(d))
            alone.append(line.assessments)
        }
        var line = try Line(model)
        for d in 0..<3 {
            #expect(line.fleet.add("p\(d)", model: model, stream: 0, now: .at(0)) == d)
        }
        var found: [Said] = []
        for t in 0..<60 {
            for c in 0..<2 {
                for d in 0..<3 {
                    var random = SeededGenerator(seed: UInt64(d) &* 1_000_003 &+ UInt64(t))
                    var values = healthyValues(t, channels: 2, &random)
                    if t >= 40 { values[0] += 12 }
                    let sample = Sample(
                        device: d,
                        channel: c,
                        time: .at(Double(t)),
                        value: values[c]
                    )
                    line.fleet.take(sample, arrival: .at(Double(t))) { found.append(Said($0)) }
                }
            }
            line.fleet.assess { found.append(Said($0)) }
        }
        for d in 0..<3 {
            let mine = found.filter { $0.device == d }
            #expect(mine.map(\.score) == alone[d].map(\.score))
            #expect(mine.map(\.drift) == alone[d].map(\.drift))
        }
    }

    @Test func `a frame does not allocate`() throws {
        for heads in [.forecast, [.forecast, .reconstruct]] as [Heads] {
            // An alert may allocate; here there is to be none.
            let model = try Model.small(
                names: ["a", "b", "c"],
                heads: heads,
                range: -100...100,
                threshold: 1e9,
                driftThreshold: 1e9
            )
            var fleet = Fleet(lateness: .seconds(1))
            for d in 0..<8 {
                #expect(fleet.add("p\(d)", model: model, stream: 0, now: .at(0)) == d)
            }
            let values = (0..<400).map { t in
                var random = SeededGenerator(seed: UInt64(t))
                return healthyValues(t, channels: 3, &random)
            }
            var sum = 0.0
            var before: UInt64 = 0
            var takes: UInt64 = 0
            var assesses: UInt64 = 0
            var ticks: UInt64 = 0
            for t in 0..<400 {
                if t == 100 { (takes, assesses, ticks) = (0, 0, 0) }
                before = allocation_counter_read()
                for d in 0..<8 {
                    // The last channel is sometimes absent, so that frames leave by time as well.
                    for c in 0..<(t % 7 == 0 ? 2 : 3) {
                        let sample = Sample(
                            device: d,
                            channel: c,
                            time: .at(Double(t)),
                            value: values[t][c]
                        )
                        fleet.take(sample, arrival: .at(Double(t))) {
                            sum += $0.score?.tailProbability ?? 1
                        }
                    }
                }
                takes += allocation_counter_read() - before
                before = allocation_counter_read()
                fleet.assess { sum += $0.score?.tailProbability ?? 1 }
                assesses += allocation_counter_read() - before
                before = allocation_counter_read()
                fleet.tick(.at(Double(t))) { sum += $0.score?.tailProbability ?? 1 }
                ticks += allocation_counter_read() - before
            }
            #expect(fleet.counters.frames > 3000)
            #expect(sum > 2900)
            #expect([takes, assesses, ticks] == [0, 0, 0], "\(heads)")
        }
    }

    @Test func `a message of a known device does not allocate`() throws {
        var line = try Line(.small(threshold: 1e9, driftThreshold: 1e9))
        let topic = "s/p1".bytes
        let payloads = (
            #"{"meta":{"time":1767225600},"a":10.25,"b":9.999999999999998}"#.bytes,
            #"{"b":1e1,"nested":{"x":5,"text":"y"},"a":"11.5","linkquality":7,"on":true}"#.bytes
        )
        var before: UInt64 = 0
        for t in 0..<300 {
            if t == 100 { before = allocation_counter_read() }
            let payload = t % 2 == 0 ? payloads.0 : payloads.1
            _ = try line.intake.take(
                topic: topic.span,
                payload: payload.span,
                arrival: .at(Double(t)),
                isRetained: false,
                into: &line.fleet
            ) { _ in }
            line.fleet.assess { _ in }
        }
        let after = allocation_counter_read()
        #expect(after == before)
        #expect(line.fleet.counters.frames > 100)
    }

    @Test(arguments: [254, 255, 256, 257, 300])
    func `a name that is too long for a message is cut behind a character`(length: Int) throws {
        let model = try Model.small()
        var fleet = Fleet(lateness: .zero)
        let name =
            String(repeating: "x", count: length % 3)
            + String(repeating: "\u{FFFD}", count: length / 3)
        let now = Timestamp(microseconds: 1_767_225_600_000_000)
        let added = fleet.add(name, model: model, stream: 0, now: now)
        let device = try #require(added)
        for channel in model.channels.indices {
            let sample = Sample(device: device, channel: channel, time: now, value: 10)
            fleet.take(sample, arrival: now) { _ in }
        }
        var told: [UInt8] = []
        fleet.assess { assessment in
            assessment.withName { name in told = name.indices.map { name[$0] } }
        }
        let text = try #require(String(validating: told, as: UTF8.self))
        #expect(
            name.hasPrefix(text)
                && text.utf8.count == min(length, 256) - (length > 256 ? (256 - length % 3) % 3 : 0)
        )
    }
}
