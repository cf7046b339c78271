import ArgumentParser
import TocsinCore
import TocsinThreads

extension Bench {
    /// What a message costs the whole daemon, beside the least that receiving it can cost.
    ///
    /// A broker, a daemon and a null subscriber run side by side, each subscribed to topics of its
    /// own. A publisher plays frames of a fleet to the one and to the other in turn; processor time
    /// is read from the system's account of the process, so that a busy machine disturbs both alike.
    struct Daemon: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "daemon",
            abstract: "Measure the daemon with a real mosquitto, beside a null subscriber."
        )

        @Option(help: "Messages a second, of which each is a frame.")
        var rate = 20_000

        @Option(help: "Devices that send them in turn.")
        var devices = 1_000

        @Option(help: "Channels of a frame.")
        var channels = 8

        @Option(help: "Seconds of load per measurement.")
        var seconds = 2.0

        @Option(help: "Pairs of measurements.")
        var rounds = 11

        @Option(help: "Messages that the publisher sends together at least.")
        var burst = 1

        @Option(help: "How often the highest rate is sought; 0 for not at all.")
        var searches = 3

        @Option(help: "Lines for the daemon's configuration.")
        var configure = ""

        @Option(help: "The daemon's program; the one beside this if left out.")
        var program: String?

        func run() throws {
            Signals.block()
            let children = try DaemonChildren()
            defer { children.end() }
            var load = try DaemonLoad(
                children,
                devices: devices,
                channels: channels,
                period: max(devices * 1000 / max(rate, 1), 1),
                burst: burst,
                program: program,
                configuration: configure
            )
            try load.warmUp(rate: Double(rate))
            try measureCost(&load)
            if searches > 0 { try measureRate(&load) }
        }

        private func measureCost(_ load: inout DaemonLoad) throws {
            var costs: [DaemonLoad.Target: [Double]] = [:]
            var ratios: [Double] = []
            for round in 0..<rounds {
                var pair: [DaemonLoad.Target: Double] = [:]
                let order = DaemonLoad.Target.allCases
                for target in round % 2 == 0 ? order : order.reversed() {
                    let trial = try load.play(to: target, rate: Double(rate), seconds: seconds)
                    if trial.lost > 0 { print("\(target): \(trial.lost) of \(trial.sent) lost") }
                    pair[target] = trial.microseconds
                    costs[target, default: []].append(trial.microseconds)
                }
                ratios.append((pair[.daemon] ?? 0) / (pair[.null] ?? 1))
            }
            print(
                "processor time per message at \(rate)/s, µs: daemon "
                    + "\((costs[.daemon] ?? []).median.readable), null subscriber "
                    + "\((costs[.null] ?? []).median.readable); ratio \(ratios.median.readable) "
                    + "(\((ratios.min() ?? 0).readable) to \((ratios.max() ?? 0).readable))"
            )
            print(try load.account())
        }

        private func measureRate(_ load: inout DaemonLoad) throws {
            var rates: [DaemonLoad.Target: [Double]] = [:]
            for search in 0..<searches {
                let order = DaemonLoad.Target.allCases
                for target in search % 2 == 0 ? order : order.reversed() {
                    let highest = try load.highestRate(of: target, from: Double(rate))
                    rates[target, default: []].append(highest)
                }
            }
            let daemon = rates[.daemon] ?? []
            let null = rates[.null] ?? []
            let ratios = zip(daemon, null).map { $0 / $1 }
            print(
                "highest rate without loss, messages a second: daemon \(Int(daemon.median)), "
                    + "null subscriber \(Int(null.median)); ratio \(ratios.median.readable) "
                    + "(\((ratios.min() ?? 0).readable) to \((ratios.max() ?? 0).readable))"
            )
        }
    }
}
