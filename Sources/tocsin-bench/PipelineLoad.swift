import ArgumentParser
import CAllocationCounter
import Glibc
import TocsinCore
import TocsinDaemon
import TocsinFiles
import TocsinNN

extension Bench {
    /// The whole road without a broker: topic and payload in, encoded score out.
    struct Pipeline: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "pipeline",
            abstract: "Measure the road from a payload's bytes to an encoded score, on one core.",
            discussion: """
                M1 is two LSTM layers of 64 with 8 channels, all in one JSON object. A kernel's own \
                time is that of the same steps, as many devices together, and nothing else. Times \
                are the thread's processor time; ratios are medians over rounds in turn.
                """
        )

        @Option(help: "Devices.")
        var devices = 1000

        @Option(help: "Messages that wait together, as under load.")
        var together = [1, 8, 64]

        @Option(help: "Measurements of each kind, of which the median is shown.")
        var rounds = 41

        @Flag(help: "Fail if a warm message allocates.")
        var check = false

        func run() throws {
            print("together  µs/message  kernel's µs  ratio  allocations/message  bytes/device")
            var isClean = true
            let frames = FrameLoad(cell: .lstm, hidden: 64, channels: 8, devices: 1, layers: 2)
            let model = try frames.model()
            let template = try TopicTemplate("plant/{device}/state")
            for count in together {
                var load = PipelineLoad(model, template, devices: devices, together: count)
                let cost = load.measure(rounds: rounds)
                print(load.row(cost))
                if cost.allocations > 0 { isClean = false }
            }
            if check, !isClean { throw ExitCode.failure }
        }
    }
}

/// Bytes as a broker's library hands them out: in memory of its own, which nobody counts.
@safe
private struct Bytes {
    let bytes: UnsafeMutableBufferPointer<UInt8>

    init(_ text: String) {
        unsafe bytes = .allocate(capacity: text.utf8.count)
        _ = unsafe bytes.initialize(from: text.utf8)
    }

    func deallocate() { unsafe bytes.deallocate() }

    subscript(place: Int) -> UInt8 {
        get { unsafe bytes[place] }
        nonmutating set { unsafe bytes[place] = newValue }
    }
}

/// Devices that send one JSON object of eight channels per second each.
private struct PipelineLoad: ~Copyable {
    /// What a message cost, in medians.
    struct Cost {
        var microseconds: Double
        var kernelMicroseconds: Double
        var ratio: Double
        var allocations: Double
        var bytesPerDevice: Double
    }

    private let devices: Int
    private let together: Int
    private var fleet: Fleet
    private var intake: Intake
    private var message = ScoreMessage()
    private var arena: StateArena
    private let network: Autoencoder
    private let topics: [Bytes]
    /// The devices that are stepped together by the network alone.
    private let batches: [[Int]]
    /// Payloads of some seconds, `[seconds][devices]`; of `time` only the last digits differ.
    private var payloads: [Bytes] = []
    private var second = 0
    private var written = 0

    init(_ model: Model, _ template: TopicTemplate, devices: Int, together: Int) {
        self.devices = devices
        self.together = together
        network = model.autoencoder
        fleet = Fleet(capacity: devices)
        intake = Intake(
            streams: [
                Stream(
                    name: "json",
                    template: template,
                    decoder: JSONSampleDecoder()
                )
            ],
            assignment: ModelAssignment([ModelAssignment.Rule(model: model)])
        )
        batches = stride(from: 0, to: devices, by: together).map { first in
            Array(first..<min(first + together, devices))
        }
        topics = (0..<devices).map { Bytes("plant/device-\($0)/state") }
        arena = network.arena()
        for _ in 0..<devices { _ = arena.append(network.zeroState()) }
        var random = SeededGenerator(seed: 1)
        let values = (0..<256).map { _ in random.uniform() * 2 - 1 }
        for device in 0..<devices {
            let members = (0..<8).map { c in
                let value = (values[(device * 8 + c) % 256] * 1000).rounded() / 1000
                return ",\"c\(c)\":\(value)"
            }
            payloads.append(Bytes("{\"time\":0000000000\(members.joined())}"))
        }
    }

    deinit {
        for bytes in topics + payloads { bytes.deallocate() }
    }

    mutating func measure(rounds: Int) -> Cost {
        let features = (0..<devices * 8).map { Float($0 % 17) / 17 - 0.5 }
        let before = residentBytes()
        advanceClock()
        run()
        let bytes = residentBytes() - before
        for _ in 0..<40 {
            advanceClock()
            run()
        }
        step(features)
        var (times, kernels, ratios): ([Double], [Double], [Double]) = ([], [], [])
        var allocations: UInt64 = 0
        let messages = Double(devices)
        for _ in 0..<rounds {
            // What the sender does is no part of the road.
            advanceClock()
            let allocated = allocation_counter_read()
            let begin = threadSeconds()
            run()
            let middle = threadSeconds()
            allocations += UInt64(allocation_counter_read() - allocated)
            step(features)
            let end = threadSeconds()
            times.append((middle - begin) / messages * 1e6)
            kernels.append((end - middle) / messages * 1e6)
            ratios.append((middle - begin) / (end - middle))
        }
        return Cost(
            microseconds: times.median,
            kernelMicroseconds: kernels.median,
            ratio: ratios.median,
            allocations: Double(allocations) / (messages * Double(rounds)),
            bytesPerDevice: bytes / messages
        )
    }

    /// Writes the next second into the payloads.
    private mutating func advanceClock() {
        second += 1
        for device in 0..<devices {
            var rest = seconds
            for place in stride(from: 17, through: 8, by: -1) {
                payloads[device][place] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            }
        }
    }

    private var seconds: Int { 1_767_225_600 + second }

    /// One message of each device.
    private mutating func run() {
        let arrival = Timestamp(microseconds: Int64(seconds) * 1_000_000)
        var device = 0
        while device < devices {
            let end = min(device + together, devices)
            while device < end {
                take(device, arrival)
                device += 1
            }
            fleet.assess { message.write($0) { written += $0.count } }
        }
    }

    private mutating func take(_ device: Int, _ arrival: Timestamp) {
        let (first, second) = unsafe (topics[device].bytes, payloads[device].bytes)
        let topic = unsafe Span(_unsafeElements: UnsafeBufferPointer(first))
        let payload = unsafe Span(_unsafeElements: UnsafeBufferPointer(second))
        do {
            _ = try intake.take(
                topic: topic,
                payload: payload,
                arrival: arrival,
                isRetained: false,
                into: &fleet
            ) { message.write($0) { written += $0.count } }
        } catch {
            fatalError("\(error)")
        }
    }

    /// The network's steps alone, as many devices together.
    private mutating func step(_ features: [Float]) {
        var device = 0
        while device < devices {
            let end = min(device + together, devices)
            network.step(features, devices: batches[device / together], in: &arena)
            device = end
        }
    }

    /// A line of the table.
    func row(_ cost: Cost) -> String {
        let cells = [
            ("\(together)", 10), (cost.microseconds.readable, 12),
            (cost.kernelMicroseconds.readable, 13), (cost.ratio.readable, 7),
            (cost.allocations.readable, 21), ("\(Int(cost.bytesPerDevice))", 0),
        ]
        return cells.reduce("") { row, cell in
            row + cell.0 + String(repeating: " ", count: max(cell.1 - cell.0.count, 0))
        }
    }
}
