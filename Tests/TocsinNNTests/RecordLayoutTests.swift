import CAllocationCounter
import Testing
import TocsinTestNumbers

@testable import TocsinNN

struct RecordLayoutTests {
    /// Records that lie apart from each other, in another order than their devices.
    private struct Records: ~Copyable {
        let layout: RecordLayout
        let addresses: [UnsafeMutablePointer<Float>]

        init(_ layout: RecordLayout, count: Int) {
            self.layout = layout
            let records = (0..<count).map { _ in
                let record = UnsafeMutableRawPointer.allocate(
                    byteCount: layout.stride * MemoryLayout<Float>.stride,
                    alignment: 64
                ).bindMemory(to: Float.self, capacity: layout.stride)
                record.update(repeating: 0, count: layout.count)
                // What follows a record belongs to the caller.
                for at in layout.count..<layout.stride { record[at] = 42 }
                return record
            }
            addresses = (0..<count).map { records[($0 * 11 + 2) % count] }
        }

        deinit {
            for address in addresses { address.deallocate() }
        }

        func part(_ device: Int, _ range: Range<Int>) -> [Float] {
            range.map { addresses[device][$0] }
        }
    }

    @Test(arguments: StateArenaTests.Case.every)
    func `a record holds the bits of the device's state`(test: StateArenaTests.Case) throws {
        let network = try test.network()
        let layout = network.recordLayout
        let size = test.blueprint.inputSize
        for devices in [1, 4, 24, 25, 53] {
            let records = Records(layout, count: devices)
            var states = Array(repeating: network.zeroState(), count: devices)
            for step in 0..<2 {
                let features = Numbers.symmetric(
                    seed: UInt64(step),
                    count: devices * size,
                    scale: 2
                )
                let before = allocation_counter_read()
                network.step(features, records: records.addresses, count: devices)
                let after = allocation_counter_read()
                // The first step of all in a debug build sets up the runtime's generics.
                #expect(step == 0 || after == before)
                for device in 0..<devices {
                    let sample = Array(features[device * size..<(device + 1) * size])
                    network.step(sample, state: &states[device])
                }
            }
            for (device, state) in states.enumerated() {
                #expect(records.part(device, layout.recurrent) == state.recurrent)
                #expect(records.part(device, layout.code) == state.code)
                #expect(records.part(device, layout.forecast) == state.forecast)
                #expect(records.part(device, layout.reconstruction) == state.reconstruction)
                #expect(
                    records.part(device, layout.count..<layout.stride).allSatisfy { $0 == 42 }
                )
            }
        }
    }

    @Test func `an address that occurs twice takes both steps, in order`() throws {
        let test = StateArenaTests.Case.every[3]
        let network = try test.network()
        let size = test.blueprint.inputSize
        let records = Records(network.recordLayout, count: 2)
        let features = Numbers.symmetric(seed: 1, count: 3 * size, scale: 2)
        let (first, second) = (records.addresses[0], records.addresses[1])
        network.step(features, records: [first, second, first], count: 3)
        var state = network.zeroState()
        network.step(Array(features[..<size]), state: &state)
        network.step(Array(features[(2 * size)...]), state: &state)
        #expect(records.part(0, network.recordLayout.recurrent) == state.recurrent)
        network.step(features, records: records.addresses, count: 0)
        #expect(records.part(0, network.recordLayout.recurrent) == state.recurrent)
    }

    @Test func `parts follow each other, and records fill cache lines`() throws {
        let blueprint = Blueprint(
            inputSize: 3,
            cell: .lstm,
            hiddenSize: 5,
            codeSize: 2,
            heads: [.forecast, .reconstruct]
        )
        let network = try Autoencoder(
            blueprint: blueprint,
            parameters: Parameters(zeros: blueprint)
        )
        let layout = network.recordLayout
        #expect(layout.recurrent == 0..<network.stateSize)
        #expect(layout.code == network.stateSize..<network.stateSize + 2)
        #expect(layout.forecast.count == 3)
        #expect(layout.reconstruction == layout.forecast.upperBound..<layout.count)
        #expect(layout.stride % 16 == 0 && layout.stride - layout.count < 16)
        #expect(network.arena().layout == layout)
    }
}
