import Testing
import TocsinCore
import TocsinSimulation

struct SimulatedFaultTests {
    /// Device, channel and whether the fault was active, for every value that a fault changes.
    private func changes(_ fault: String) throws -> (
        channels: Set<String>, outside: Int, inside: Int
    ) {
        let sick = try plan(faults: [fault])
        let ordered = try #require(sick.faults.first)
        let healthy = try rows(plan())
        var channels: Set<String> = []
        var outside = 0
        var inside = 0
        for (before, after) in zip(healthy, try rows(sick)) {
            #expect(before.device == after.device && before.time == after.time)
            let isActive = ordered.isActive(at: after.time - sick.start)
            #expect(after.isFaulty == (isActive && after.device == ordered.device))
            let kind = try #require(SimulatedDeviceKind(deviceName: after.device))
            for (index, channel) in kind.channels.enumerated()
            where before.values[index] != after.values[index] {
                channels.insert("\(after.device).\(channel.name)")
                if isActive { inside += 1 } else { outside += 1 }
            }
        }
        return (channels, outside, inside)
    }

    /// The fault, and how many of its 60 rows it changes at least.
    @Test(arguments: [
        ("spike:pump-1.pressure@1h+1h", 5), ("offset:pump-1.pressure@1h+1h*0.3", 60),
        ("drift:pump-1.pressure@1h+1h*-1", 58), ("stuck:pump-1.pressure@1h+1h", 55),
        ("noise:pump-1.pressure@1h+1h", 58), ("lag:pump-1.pressure@1h+1h", 55),
    ])
    func `a fault of a sensor changes its channel in its interval and nothing else`(
        fault: String,
        least: Int
    ) throws {
        let (channels, outside, inside) = try changes(fault)
        #expect(channels == ["pump-1.pressure"])
        #expect(outside == 0)
        #expect((least...60).contains(inside))
    }

    @Test(arguments: [
        "speed:pump-1@1h+1h*1.4", "clog:pump-1@1h+1h", "cavitation:pump-1@1h+1h",
        "leak:refrigerator-1@1h+1h*1", "leak:tank-1@1h+1h", "window:room-1@1h+1h",
    ])
    func `a fault of the process touches one device, several channels, and nothing before it`(
        fault: String
    ) throws {
        let sick = try plan(faults: [fault])
        let device = try #require(sick.faults.first).device
        var changed: Set<Int> = []
        for (before, after) in zip(try rows(plan()), try rows(sick)) where before != after {
            #expect(after.device == device)
            #expect(after.time - sick.start >= .seconds(3_600))
            changed.formUnion(
                before.values.indices.filter { before.values[$0] != after.values[$0] }
            )
        }
        #expect(changed.count > 2)
    }

    @Test func `an offset shifts by its strength in swings`() throws {
        let channel = SimulatedDeviceKind.tank.channels[2]
        let healthy = try rows(plan()).filter { $0.device == "tank-1" }
        let sick = try rows(plan(faults: ["offset:tank-1.level@1h+1h*-0.5"]))
            .filter { $0.device == "tank-1" }
        let before = try #require(healthy[90].values[2])
        let after = try #require(sick[90].values[2])
        #expect(abs(after - before + 0.5 * channel.swing) <= channel.resolution)
    }

    @Test func `a drift begins at nothing and ends at its strength`() throws {
        let sick = try rows(plan(faults: ["drift:tank-1.level@1h+1h*1"]))
        let healthy = try rows(plan())
        let errors = zip(healthy, sick).filter { $0.0.device == "tank-1" }.map { before, after in
            (after.values[2] ?? .nan) - (before.values[2] ?? .nan)
        }
        let channel = SimulatedDeviceKind.tank.channels[2]
        #expect(abs(errors[60]) <= channel.resolution)
        #expect(abs(errors[90] - channel.swing / 2) <= channel.resolution)
        #expect(abs(errors[119] - channel.swing * 59 / 60) <= channel.resolution)
    }

    @Test func `a stuck sensor repeats the reading before the fault`() throws {
        let pressures = try rows(plan(faults: ["stuck:pump-1.pressure@1h+1h"]))
            .filter { $0.device == "pump-1" }.map { $0.values[2] }
        #expect(Set(pressures[59..<120]).count == 1)
        #expect(pressures[120] != pressures[119])
    }

    @Test func `silence removes the rows of its interval and no others`() throws {
        let silent = try plan(faults: ["silence:room-1@1h+1h"])
        let interval = silent.start + .seconds(3_600)..<silent.start + .seconds(7_200)
        let expected = try rows(plan()).filter {
            $0.device != "room-1" || !interval.contains($0.time)
        }
        #expect(try rows(silent) == expected)
        #expect(silent.faultyIntervals(of: "room-1") == [interval])
    }

    @Test func `a swap exchanges two channels in its interval`() throws {
        let swapped = try rows(plan(faults: ["swap:tank-1.inflow/outflow@1h+1h"]))
        for (before, after) in zip(try rows(plan()), swapped) {
            var expected = before.values
            if after.isFaulty { expected.swapAt(0, 1) }
            #expect(after.values == expected)
        }
        #expect(swapped.count { $0.isFaulty } == 60)
    }

    @Test func `a faster process has shorter cycles`() throws {
        func starts(_ faults: [String]) throws -> Int {
            let plan = try plan(
                [SimulatedGroup(.pump, count: 1)],
                period: .seconds(10),
                duration: .seconds(12 * 3_600),
                faults: faults
            )
            let speeds = try rows(plan).map { $0.values[0] ?? .nan }
            return zip(speeds, speeds.dropFirst()).count { $0 < 2_300 && $1 >= 2_300 }
        }
        // 12 h of cycles of 20 min, ± 9 %, and the same at twice the speed.
        let (usual, fast) = (try starts([]), try starts(["speed:pump-1@0s+12h*2"]))
        #expect((33...40).contains(usual))
        #expect((2 * usual - 2...2 * usual + 2).contains(fast))
    }
}
