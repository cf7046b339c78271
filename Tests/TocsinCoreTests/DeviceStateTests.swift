import Testing
import TocsinNN

@testable import TocsinCore

struct DeviceStateTests {
    private struct Step {
        var sample: Sample
        var arrival: Timestamp
    }

    /// Samples with gaps, missing values, faults and a shift: all that leaves a trace in a state.
    private static func steps(_ seed: UInt64) -> [Step] {
        var random = SeededGenerator(seed: seed)
        var steps: [Step] = []
        var time = 0.0
        for t in 0..<150 {
            time += t == 60 ? 30 : t % 37 == 0 ? 4 : 1
            let values = healthyValues(t, channels: 2, &random)
            for c in 0..<2 where random.uniform() < 0.9 {
                let value = random.uniform() < 0.1 ? .nan : values[c] + (t > 110 ? 15 : 0)
                let sample = Sample(device: 0, channel: c, time: .at(time), value: value)
                steps.append(Step(sample: sample, arrival: .at(time)))
            }
        }
        return steps
    }

    private static func model(_ heads: Heads = .forecast, cell: CellKind = .lstm) throws -> Model {
        try .small(
            cell: cell,
            heads: heads,
            faults: FaultLimits(still: [3, 3], absent: [3, 3], steps: [0.7, 0.9], bad: 2),
            range: 0...20
        )
    }

    private func started(_ model: Model) throws -> Line {
        var policies = AlertPolicies()
        policies.anomaly.reminder = .seconds(7)
        var line = try Line(model, policies: policies, lateness: .seconds(1))
        let number = line.fleet.add("p1", model: model, stream: 0, now: .at(0))
        #expect(number == 0)
        return line
    }

    private func run(_ line: inout Line, _ steps: some Sequence<Step>) {
        var found: [Said] = []
        for step in steps {
            line.fleet.take(step.sample, arrival: step.arrival) { found.append(Said($0)) }
            line.fleet.assess { found.append(Said($0)) }
        }
        line.assessments += found
    }

    @Test(arguments: [Heads.forecast, .reconstruct, [.forecast, .reconstruct]], CellKind.allCases)
    func `a restored device goes on as if it had never stopped`(
        heads: Heads,
        cell: CellKind
    ) throws {
        let model = try Self.model(heads, cell: cell)
        let steps = Self.steps(1)
        var whole = try started(model)
        run(&whole, steps)
        let kinds = Set(whole.alerts.map(\.kind))
        #expect(kinds.isSuperset(of: [.anomaly, .fault, .silence]))
        var random = SeededGenerator(seed: 2)
        for _ in 0..<12 {
            let cut = random.integer(in: 1..<steps.count)
            var first = try started(model)
            run(&first, steps[..<cut])
            let bytes = first.saved(0)
            var second = try started(model)
            try second.fleet.restore(0, from: bytes[...])
            #expect(second.saved(0) == bytes)
            run(&second, steps[cut...])
            let all = first.assessments + second.assessments
            #expect(all.map(\.time) == whole.assessments.map(\.time))
            #expect(all.map(\.score) == whole.assessments.map(\.score), "cut at \(cut)")
            #expect(all.map(\.drift) == whole.assessments.map(\.drift))
            #expect(all.map(\.isAfterGap) == whole.assessments.map(\.isAfterGap))
            #expect(all.flatMap(\.alerts) == whole.alerts)
            #expect(second.saved(0) == whole.saved(0))
        }
    }

    @Test func `state that was cut short changes nothing`() throws {
        var line = try started(Self.model())
        run(&line, Self.steps(1))
        let bytes = line.saved(0)
        var other = try started(Self.model())
        run(&other, Self.steps(2))
        let before = other.saved(0)
        for length in 0..<bytes.count {
            #expect(throws: StateError.self) { try other.fleet.restore(0, from: bytes[..<length]) }
        }
        #expect(throws: StateError.self) { try other.fleet.restore(0, from: (bytes + [0])[...]) }
        #expect(other.saved(0) == before)
    }

    @Test func `damaged state is refused without change, or at least does no harm`() throws {
        let steps = Self.steps(1)
        var line = try started(Self.model())
        run(&line, steps[..<200])
        let bytes = line.saved(0)
        let model = try Self.model()
        let before = try started(model).saved(0)
        var random = SeededGenerator(seed: 3)
        var refused = 0
        for round in 0..<3000 {
            var damaged = bytes
            // Every byte once with its sign and exponent turned over, then anything.
            let place = round < bytes.count ? round : random.integer(in: 0..<bytes.count)
            damaged[place] ^= round < bytes.count ? 0xFF : 1 << UInt8(random.integer(in: 0..<8))
            var other = try started(model)
            do {
                try other.fleet.restore(0, from: damaged[...])
            } catch {
                refused += 1
                #expect(other.saved(0) == before)
                continue
            }
            run(&other, steps[200..<212])
            other.tick(1e6)
            for assessment in other.assessments {
                let score = assessment.score
                #expect(score == nil || score?.value.isFinite == true, "byte \(place)")
            }
        }
        #expect(refused > 300)
    }

    @Test func `state of another model is refused`() throws {
        var line = try started(Self.model())
        run(&line, Self.steps(1))
        let bytes = line.saved(0)
        for other in [
            try Model.small(names: ["a"]), try .small(hiddenSize: 5), try .small(cell: .gru),
        ] {
            var fleet = Fleet(lateness: .seconds(1))
            #expect(fleet.add("p1", model: other, stream: 0, now: .at(0)) == 0)
            #expect(throws: StateError.self) { try fleet.restore(0, from: bytes[...]) }
        }
    }

    @Test func `a reload keeps a device whose stream and model stayed`() throws {
        let model = try Self.model()
        let steps = Self.steps(1)
        var whole = try started(model)
        run(&whole, steps)
        var line = try started(model)
        run(&line, steps[..<170])
        let second = line.fleet.add("q", model: model, stream: 0, now: .at(0))
        #expect(second == 1)
        let json = line.intake.streams[0]
        let other = Stream(name: "other", template: json.template, decoder: json.decoder)
        let retrained = try Model.small(identity: "2")
        let intake = Intake(
            streams: [other, json],
            assignment: ModelAssignment([
                ModelAssignment.Rule(device: "q", model: retrained),
                ModelAssignment.Rule(model: model),
            ])
        )
        let counters = line.fleet.counters
        let policies = line.fleet.policies
        let kept = line.fleet.reload(
            names: ["json"],
            intake: intake,
            policies: policies,
            now: .at(0)
        ) { _ in Issue.record("nothing is raised, so nothing is cleared") }
        #expect(kept == 1)
        #expect(line.fleet.devices.map(\.name) == ["p1"])
        #expect(line.fleet.devices.map(\.stream) == [1])
        #expect(line.fleet.counters == counters)
        run(&line, steps[170...])
        #expect(line.assessments.map(\.score) == whole.assessments.map(\.score))
        #expect(line.alerts == whole.alerts)
        let still = line.fleet.reload(
            names: ["was", "other"],
            intake: intake,
            policies: AlertPolicies(),
            now: .at(0)
        ) { _ in }
        #expect(still == 1)
        let none = line.fleet.reload(
            names: ["was", "other"],
            intake: intake,
            policies: AlertPolicies(),
            now: .at(0)
        ) { _ in }
        #expect(none == 0)
    }

    @Test func `what is raised outlives a new model, and ends with its stream`() throws {
        let model = try Self.model()
        var line = try started(model)
        run(&line, Self.steps(1))
        let raised = line.fleet.devices[0].raisedKinds
        #expect(raised.contains(.anomaly))
        let ids = raised.map { kind in line.alerts.last { $0.kind == kind }?.id }

        var found: [Alert] = []
        var gone = try started(model)
        run(&gone, Self.steps(1))
        let left = gone.fleet.reload(
            names: ["was"],
            intake: gone.intake,
            policies: AlertPolicies(),
            now: .at(999)
        ) { found += $0.alerts }
        #expect(left == 0)
        #expect(gone.fleet.devices.isEmpty)
        #expect(found.map(\.kind) == raised)
        #expect(found.map(\.id) == ids)
        #expect(found.allSatisfy { $0.state == .cleared && $0.time == .at(999) })

        // Untrained, it would find drift by itself; that is not the point here.
        let retrained = try Model.small(driftThreshold: 1e9, identity: "2")
        line.intake = Intake(
            streams: line.intake.streams,
            assignment: ModelAssignment([ModelAssignment.Rule(model: retrained)])
        )
        let kept = line.fleet.reload(
            names: ["json"],
            intake: line.intake,
            policies: AlertPolicies(),
            now: .at(999)
        ) { _ in Issue.record("somebody still judges it") }
        #expect(kept == 0)
        #expect(line.fleet.devices.map(\.raisedKinds) == [raised])
        #expect(line.fleet.devices.map(\.frames) == [0])

        // The new model finds nothing wrong, and clears what the old one raised: once, by its id.
        line.assessments = []
        var random = SeededGenerator(seed: 3)
        for t in 0..<200 {
            line.take(0, 1000 + Double(t), healthyValues(t, channels: 2, &random))
        }
        #expect(line.fleet.devices[0].raisedKinds == [])
        #expect(Set(line.alerts.map(\.id)) == Set(ids.compactMap { $0 }))
        #expect(line.alerts.count == raised.count)
        #expect(line.alerts.allSatisfy { $0.state == .cleared })
    }

    @Test func `what is raised is saved apart from the model's state`() throws {
        var line = try started(try Self.model())
        run(&line, Self.steps(1))
        var writer = StateWriter()
        line.fleet.devices[0].saveConditions(to: &writer)
        // A model of another size, which could not take the state back.
        var other = try started(try Model.small(names: ["a", "b", "c"], hiddenSize: 6))
        #expect(throws: StateError.self) {
            try other.fleet.restore(0, from: line.saved(0)[...])
        }
        #expect(other.fleet.devices[0].raisedKinds == [])
        #expect(throws: StateError.self) {
            try other.fleet.restoreConditions(0, from: writer.bytes.dropLast())
        }
        #expect(other.fleet.devices[0].raisedKinds == [])
        try other.fleet.restoreConditions(0, from: writer.bytes[...])
        #expect(other.fleet.devices[0].raisedKinds == line.fleet.devices[0].raisedKinds)
    }
}
