import Testing
import TocsinNN

@testable import TocsinCore

/// Who leaves when there are too many devices.
struct FleetCapacityTests {
    private let start: Int64 = 1_767_225_600_000_000

    private func time(_ seconds: Double) -> Timestamp {
        Timestamp(microseconds: start + Int64(seconds * 1e6))
    }

    /// Sends a frame of every channel.
    private func send(_ fleet: inout Fleet, _ name: String, _ model: Model, _ seconds: Double)
        -> Bool
    {
        let now = time(seconds)
        guard let device = fleet.add(name, model: model, stream: 0, now: now) else { return false }
        for channel in model.channels.indices {
            let sample = Sample(device: device, channel: channel, time: now, value: 10)
            fleet.take(sample, arrival: now) { _ in }
        }
        fleet.assess { _ in }
        return true
    }

    @Test func `a flood of names never costs a device that has proved itself`() throws {
        let model = try Model.small()
        let period = model.clock.period.inSeconds
        var fleet = Fleet(lateness: .zero, capacity: 50)
        var now = 0.0
        // Ten devices that live, and then a new name with every message, a hundred a period.
        for _ in 0..<(model.warmUp + 5) {
            for i in 0..<10 { #expect(send(&fleet, "good-\(i)", model, now)) }
            now += period
        }
        var taken = 0
        for turn in 0..<60 {
            for i in 0..<10 { #expect(send(&fleet, "good-\(i)", model, now)) }
            for i in 0..<100 {
                let name = "flood-\(turn)-\(i)"
                if send(&fleet, name, model, now + period * Double(i) / 200) { taken += 1 }
            }
            #expect(fleet.count <= 50)
            now += period
        }
        let names = Set(fleet.devices.map(\.name))
        #expect((0..<10).allSatisfy { names.contains("good-\($0)") })
        for device in fleet.devices where device.name.hasPrefix("good") {
            #expect(device.resets == 0 && device.frames == Int64(model.warmUp + 5 + 60))
        }
        // New names still get their chance: their predecessors leave when they said nothing more.
        #expect(taken > 1_000)
        #expect(fleet.counters.devicesLeft == taken - 40)
    }

    @Test func `a device that has been gone for longer than its state is worth leaves`() throws {
        let model = try Model.small()
        let period = model.clock.period.inSeconds
        var fleet = Fleet(lateness: .zero, capacity: 3)
        for i in 0..<(model.warmUp + 5) {
            for name in ["a", "b", "c"] { #expect(send(&fleet, name, model, Double(i) * period)) }
        }
        let end = Double(model.warmUp + 4) * period
        #expect(fleet.devices.allSatisfy { $0.raisedKinds.isEmpty })
        #expect(!send(&fleet, "d", model, end + period), "all three are needed")
        #expect(fleet.counters.devicesRefused == 1)
        let later = end + max(model.clock.maxGap.inSeconds, 60) + 1
        #expect(send(&fleet, "b", model, later))
        #expect(send(&fleet, "d", model, later))
        let names = Set(fleet.devices.map(\.name))
        #expect(names.count == 3 && names.isSuperset(of: ["b", "d"]))
        let replaced = fleet.takeReplaced()
        #expect(replaced.count == 1 && fleet.takeReplaced().isEmpty)
        #expect(fleet.find("d") == replaced[0].device)
        for name in ["a", "c"] where !names.contains(name) { #expect(fleet.find(name) == nil) }
    }

    @Test func `what is raised of a device that has proved itself stays raised for a day`() throws {
        let model = try Model.small()
        let period = model.clock.period.inSeconds
        var policies = AlertPolicies()
        policies.silence.atLeast = .seconds(1)
        var fleet = Fleet(policies: policies, lateness: .zero, capacity: 1)
        for i in 0..<(model.warmUp + 5) {
            #expect(send(&fleet, "a", model, Double(i) * period))
        }
        let end = Double(model.warmUp + 4) * period
        let later = end + max(model.clock.maxGap.inSeconds, 60) + 3_600
        fleet.tick(time(later)) { _ in }
        #expect(fleet.devices[0].raisedKinds == [.silence])
        #expect(!send(&fleet, "flood", model, later), "somebody looks for it")
        #expect(send(&fleet, "new", model, end + 86_401))
        #expect(fleet.devices.map(\.name) == ["new"])
    }

    @Test func `fleets share what room there is, whatever their names`() throws {
        let model = try Model.small()
        let quota = DeviceQuota(4)
        func fleet() -> Fleet {
            Fleet(policies: AlertPolicies(), lateness: .zero, quota: quota, region: nil)
        }
        var a = fleet()
        var b = fleet()
        for name in ["1", "2", "3"] { #expect(send(&a, name, model, 0)) }
        #expect(send(&b, "4", model, 0) && a.isFull && b.isFull)
        #expect(!send(&b, "5", model, 0))
        #expect(a.capacity == 4 && a.count == 3 && b.count == 1)
        // One that leaves makes room for another fleet's.
        let later = model.clock.period.inSeconds + 1
        #expect(send(&a, "1", model, later) && send(&a, "2", model, later))
        #expect(send(&a, "6", model, later) && a.count == 3)
    }

    @Test func `a table of devices finds all names and only those, whatever comes and goes`() {
        var table = DeviceTable()
        var known: [String: Int] = [:]
        var generator = SeededGenerator(seed: 3)
        for step in 0..<20_000 {
            if known.count < 300, generator.uniform() < 0.52 || known.isEmpty {
                // Also the empty one, which a table may have.
                let name =
                    known[""] == nil
                    ? "" : String(repeating: "x", count: step % 7) + "\(step)"
                let next = table.next
                let number = table.insert(name)
                #expect(number == next && !known.values.contains(number))
                known[name] = number
            } else if let (name, number) = known.randomElement(using: &generator) {
                table.remove(number)
                known[name] = nil
                #expect(table.find(name) == nil)
            }
            #expect(table.count == known.count)
            guard step % 500 == 0 else { continue }
            for (name, number) in known { #expect(table.find(name) == number) }
        }
    }
}
