import ArgumentParser
import TocsinCore
import TocsinDaemon
import TocsinFiles
import TocsinSimulation
import TocsinThreads

extension Tocsin {
    struct Simulate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a fleet of simulated devices, with faults to order.",
            discussion: """
                Devices: pump, refrigerator, tank, room. A fault is
                KIND:DEVICE[.CHANNEL[/CHANNEL]]@START+DURATION[*STRENGTH], such as
                offset:pump-1.pressure@2d3h+45m*0.3, swap:tank-1.inflow/outflow@1h+1h or
                silence:room-2@30h+2h. Kinds: spike, offset, drift, stuck, noise, lag, swap, silence,
                speed, clog, cavitation, leak, window.
                """
        )

        @Option(parsing: .upToNextOption, help: "Kinds and numbers, such as pump:3 room.")
        var devices = ["pump:1"]

        @Option(help: "One row every so long.")
        var period = SpanArgument(duration: .seconds(10))

        @Option(help: "How long the simulation lasts.")
        var duration = SpanArgument(duration: .seconds(86_400))

        @Option(help: "Leave out rows before this span, to go on where an earlier run ended.")
        var skip = SpanArgument(duration: .zero)

        @Option(help: "The simulation's first time, ISO 8601.")
        var start = "2026-01-01T00:00:00Z"

        @Option(help: "Every random draw follows from it.")
        var seed: UInt64 = 1

        @Option(help: "By how much a device's clock may be late.")
        var jitter = SpanArgument(duration: .zero)

        @Option(help: "The share of values that go missing.")
        var missing = 0.0

        @Option(parsing: .upToNextOption, help: "What goes wrong.")
        var fault: [String] = []

        @Option(help: "So many more faults, drawn by chance, over the last half.")
        var randomFaults = 0

        @Option(
            name: .shortAndLong,
            help: "The CSV to write; %k stands for the kind. Standard output if left out."
        )
        var output: String?

        @Option(help: "The file to write every fault's interval to, as JSON lines.")
        var events: String?

        @Flag(help: "Publish to the broker instead of writing CSV.")
        var publish = false

        @OptionGroup var broker: BrokerOptions

        @Option(help: "Where rows are published.")
        var topic = "sensors/{device}"

        @Option(help: "Simulated seconds per second, when publishing; 0 for as fast as it goes.")
        var speed = 1.0

        func run() throws {
            try reporting {
                let plan = try plan()
                if let events { try writeEvents(plan, to: events) }
                if publish { try send(plan) } else { try write(plan) }
            }
        }

        private func plan() throws -> SimulationPlan {
            guard let start = Timestamp(iso8601: start) else {
                throw ValidationError("'\(start)' is not an ISO 8601 time")
            }
            let groups = try devices.map { try SimulatedGroup(parsing: $0) }
            var plan = SimulationPlan(
                devices: groups,
                start: start,
                period: period.duration,
                duration: duration.duration
            )
            plan.seed = seed
            plan.jitter = jitter.duration
            plan.missingShare = missing
            plan.faults = try fault.map { try SimulatedFault(parsing: $0) }
            plan.faults += SimulatedFault.random(
                randomFaults,
                of: [.offset, .noise, .stuck, .drift, .silence],
                among: groups,
                in: duration.duration / 2..<duration.duration,
                lasting: period.duration * 60...period.duration * 180,
                seed: seed
            )
            return plan
        }

        /// Writes one table per kind of device.
        private func write(_ plan: SimulationPlan) throws {
            let kinds = Set(plan.devices.map(\.kind.rawValue)).sorted()
            guard kinds.count == 1 || output?.contains("%k") == true else {
                throw ValidationError("several kinds need several files: put %k into --output")
            }
            var progress = ProgressLine()
            for kind in kinds {
                let table = SimulatedTable(
                    plan,
                    kind: kind,
                    output: try OutputFile(output.map { Tables.path($0, kind: kind) }),
                    first: plan.start + skip.duration
                )
                try table.write { progress.show($0, "simulating \(kind)s") }
            }
            progress.clear()
        }

        /// Publishes row by row.
        private func send(_ plan: SimulationPlan) throws {
            let feed = try broker.feed(name: "simulate")
            let template = try TopicTemplate(topic)
            var forms: [SimulatedDeviceKind: RowMessage] = [:]
            for kind in SimulatedDeviceKind.allCases {
                forms[kind] = RowMessage(
                    template: template,
                    form: .json,
                    channels: kind.channels.map(\.name)
                )
            }
            var pace = Pace(speed: speed)
            var progress = ProgressLine()
            var sent = 0
            for row in try FleetSimulation(plan) {
                guard let kind = SimulatedDeviceKind(deviceName: row.device) else { continue }
                guard row.time >= plan.start + skip.duration else { continue }
                let delay = pace.delay(until: row.time)
                if delay > .zero { DedicatedThread.sleep(delay) }
                let values = row.values.map { $0 ?? .nan }
                let messages =
                    forms[kind]?.messages(device: row.device, time: row.time, values: values) ?? []
                for message in messages {
                    try feed.publish(topic: message.topic, payload: message.payload)
                    sent += 1
                }
                let share = (row.time - plan.start) / plan.duration
                progress.show(share, "\(sent) messages, \(row.time)")
            }
            progress.clear()
            try feed.finish()
            Console.note("\(sent) messages published")
        }

        private func writeEvents(_ plan: SimulationPlan, to path: String) throws {
            let file = try AppendingFile(path)
            for fault in plan.faults {
                var json = JSONWriter()
                json.object { json in
                    json.member("device", fault.device)
                    json.member("kind", fault.kind.rawValue)
                    json.member("start", plan.start + fault.start)
                    json.member("end", plan.start + fault.start + fault.duration)
                }
                try file.append(json.bytes + [UInt8(ascii: "\n")])
            }
        }
    }
}

/// One kind's devices of a simulation, as a table with labels.
private struct SimulatedTable: ~Copyable {
    private let plan: SimulationPlan
    private let kind: SimulatedDeviceKind?
    private let first: Timestamp
    private let file: OutputFile

    init(_ plan: SimulationPlan, kind: String, output: consuming OutputFile, first: Timestamp) {
        self.plan = plan
        self.first = first
        self.kind = SimulatedDeviceKind(rawValue: kind)
        file = output
    }

    func write(progress: (Double) -> Void) throws {
        guard let kind else { return }
        let names = kind.channels.map(\.name).joined(separator: ",")
        var text = "timestamp,device,\(names),label\n"
        for row in try FleetSimulation(plan) {
            guard row.time >= first, SimulatedDeviceKind(deviceName: row.device) == kind else {
                continue
            }
            let values = row.values.map { $0.map(\.description) ?? "" }.joined(separator: ",")
            text += "\(row.time),\(row.device),\(values),\(row.isFaulty ? 1 : 0)\n"
            if text.utf8.count > 1 << 16 {
                try file.append(Array(text.utf8))
                text = ""
                progress((row.time - plan.start) / plan.duration)
            }
        }
        try file.append(Array(text.utf8))
    }
}
