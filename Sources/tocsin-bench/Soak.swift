import ArgumentParser
import Glibc
import TocsinCore
import TocsinThreads

extension Bench {
    /// Whether the daemon stays as it is under load, and how soon it is back after a restart.
    struct Soak: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "soak",
            abstract: "Load the daemon for a long time, and look whether it grows or falls behind.",
            discussion: """
                A publisher plays frames of a fleet through a real mosquitto. After every portion of \
                ten seconds: resident memory, open descriptors, messages lost, and how long after \
                the last message the last frame was scored. Then the daemon is stopped and started \
                again, and must know every device. Growth is that of the memory between the end of \
                the warm-up, a sixth of the time and thirty seconds at least, and the end.
                """
        )

        @Option(help: "Messages a second; 0 for eight tenths of the highest rate without loss.")
        var rate = 0

        @Option(help: "Devices that send them in turn.")
        var devices = 10_000

        @Option(help: "Seconds of load.")
        var seconds = 1800

        @Flag(help: "Fail if memory grows by 2 % or more, descriptors leak, or messages are lost.")
        var check = false

        func run() throws {
            Signals.block()
            let children = try DaemonChildren()
            defer { children.end() }
            var load = try DaemonLoad(
                children,
                devices: devices,
                channels: 8,
                period: 1000,
                burst: 1,
                program: nil,
                configuration: ""
            )
            try load.warmUp(rate: 20_000, of: [.daemon])
            var rate = Double(rate)
            if rate == 0 { rate = 0.8 * (try load.highestRate(of: .daemon, from: 30_000)) }

            print("\(devices) devices, \(Int(rate)) messages a second")
            print("seconds  resident MB  descriptors  lost  behind by, s")

            var (first, last) = (DaemonLoad.Footprint(), DaemonLoad.Footprint())
            var lost = 0
            var behind = 0.0
            let portions = max(seconds / 10, 2)
            let warm = max(portions / 6, min(3, portions - 1))
            for portion in 1...portions {
                let trial = try load.play(to: .daemon, rate: rate, seconds: 10)
                last = try load.footprint()
                if portion == warm { first = last }
                lost += trial.lost
                behind = max(behind, trial.behind)
                print(
                    "\(portion * 10)  \(last.resident / 1_000_000)  \(last.descriptors)  "
                        + "\(trial.lost)  \(trial.behind.readable)"
                )
                fflush(nil)
            }
            let growth = Double(last.resident - first.resident) / Double(first.resident)
            print(try load.account())
            print(
                "resident memory grew by \((growth * 100).readable) %, descriptors by "
                    + "\(last.descriptors - first.descriptors); \(lost) lost; at most "
                    + "\(behind.readable) s behind"
            )
            let (took, known) = try load.restart()
            print(
                "stopped and started: subscribed after \(took.readable) s, \(known) devices known"
            )
            guard check else { return }
            let isGood =
                growth < 0.02 && last.descriptors <= first.descriptors && lost == 0 && behind < 2
                && known == devices
            if !isGood { throw ExitCode.failure }
        }
    }
}
