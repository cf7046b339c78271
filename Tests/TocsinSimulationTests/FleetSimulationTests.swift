import Testing
import TocsinCore
import TocsinSimulation

struct FleetSimulationTests {
    @Test func `equal plans give equal rows`() throws {
        var plan = try plan(faults: ["noise:pump-1.flow@1h+1h", "spike:tank-1.level@1h+1h"])
        plan.jitter = .milliseconds(500)
        plan.missingShare = 0.05
        #expect(try rows(plan) == rows(plan))
    }

    @Test func `another seed gives other rows for every device`() throws {
        let first = try plan(duration: .seconds(3_600))
        var second = first
        second.seed = 2
        for (a, b) in zip(try rows(first), try rows(second)) {
            #expect(a.device == b.device && a.values != b.values)
        }
    }

    @Test func `another device changes nothing for those that were there`() throws {
        let alone = try rows(plan([SimulatedGroup(.tank, count: 1)]))
        let together = try rows(
            plan([SimulatedGroup(.pump, count: 1), SimulatedGroup(.tank, count: 2)])
        )
        #expect(together.filter { $0.device == "tank-1" } == alone)
        #expect(Set(together.map(\.device)) == ["pump-1", "tank-1", "tank-2"])
    }

    @Test func `without jitter there is one row per device and period`() throws {
        let plan = try plan(period: .seconds(10), duration: .seconds(95))
        let times = try rows(plan).filter { $0.device == "room-1" }.map(\.time)
        #expect(times == (0..<10).map { plan.start + .seconds(10 * $0) })
    }

    @Test func `jitter is bounded and times increase`() throws {
        var plan = try plan(
            [SimulatedGroup(.pump, count: 3)],
            period: .seconds(10),
            duration: .seconds(7_200)
        )
        plan.jitter = .seconds(9)
        let jittered = try rows(plan)
        #expect(zip(jittered, jittered.dropFirst()).allSatisfy { $0.time <= $1.time })
        for device in ["pump-1", "pump-2", "pump-3"] {
            let times = jittered.filter { $0.device == device }.map(\.time)
            let delays = times.enumerated().map { tick, time in
                (time - (plan.start + .seconds(10 * tick))).inSeconds
            }
            #expect(times.count == 720)
            #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 })
            #expect(delays.allSatisfy { (0..<9).contains($0) })
            // Even over 0..<9 s, the mean of 720 is 4.5 s ± 0.1 s; 0.5 s is 5 of these.
            #expect(abs(delays.reduce(0, +) / 720 - 4.5) < 0.5)
        }
    }

    @Test func `jitter changes times and no values`() throws {
        var plan = try plan([SimulatedGroup(.room, count: 1)])
        let steady = try rows(plan)
        plan.jitter = .seconds(2)
        let jittered = try rows(plan)
        #expect(jittered.map(\.values) == steady.map(\.values))
        #expect(jittered.map(\.time) != steady.map(\.time))
    }

    @Test func `the ordered share of values is missing, and the rest is as it was`() throws {
        var plan = try plan()
        let whole = try rows(plan).flatMap(\.values)
        plan.missingShare = 0.1
        let holed = try rows(plan).flatMap(\.values)
        // 6000 values: a standard deviation of the share is 0.004.
        let share = Double(holed.count { $0 == nil }) / Double(holed.count)
        #expect(abs(share - 0.1) < 0.016)
        #expect(zip(whole, holed).allSatisfy { $1 == nil || $0 == $1 })
        #expect(!whole.contains(nil))
    }

    @Test(arguments: SimulatedDeviceKind.allCases)
    func `thirty days stay within range, and the last are as the first`(
        kind: SimulatedDeviceKind
    ) throws {
        let channels = kind.channels
        var sums = [[Double]](repeating: [0, 0], count: channels.count)
        var outside: [String] = []
        let plan = try plan(
            [SimulatedGroup(kind, count: 1)],
            period: .seconds(300),
            duration: .seconds(30 * 86_400)
        )
        for (tick, row) in try FleetSimulation(plan).enumerated() {
            let day = tick / 288 + 1
            for (channel, value) in row.values.enumerated() {
                let value = try #require(value)
                if !channels[channel].range.contains(value) {
                    outside.append("\(channels[channel].name) \(value) on day \(day)")
                }
                if [2, 3].contains(day) { sums[channel][0] += value / 576 }
                if [28, 29].contains(day) { sums[channel][1] += value / 576 }
            }
        }
        #expect(outside.isEmpty)
        for (channel, means) in zip(channels, sums) {
            // An eighth of the usual swing; doors and weather move two days' means by a twelfth.
            #expect(abs(means[0] - means[1]) < channel.swing / 8, "\(channel.name): \(means)")
        }
    }

    @Test(arguments: SimulatedDeviceKind.allCases)
    func `no channel stands still, and devices of a kind behave alike`(
        kind: SimulatedDeviceKind
    ) throws {
        let plan = try plan(
            [SimulatedGroup(kind, count: 2)],
            duration: .seconds(86_400)
        )
        let all = try rows(plan)
        for (index, channel) in kind.channels.enumerated() {
            let means = ["\(kind.rawValue)-1", "\(kind.rawValue)-2"].map { device in
                let values = all.filter { $0.device == device }.compactMap { $0.values[index] }
                let low = values.min() ?? 0
                let high = values.max() ?? 0
                #expect(high - low > channel.swing / 2, "\(channel.name)")
                return values.reduce(0, +) / Double(values.count)
            }
            #expect(abs(means[0] - means[1]) < channel.swing / 4, "\(channel.name): \(means)")
        }
    }
}
