import ArgumentParser
import TocsinCore
import TocsinNN

extension Bench {
    /// What it costs that nothing is lost.
    struct Survival: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "survival",
            abstract: "Measure what memory that outlives the process costs, message by message.",
            discussion: """
                The same messages take the same road twice: from the ring of messages to the ring of \
                scores, once with rings and records in memory that outlives the process and an undo \
                log, once on the heap without. The model is M1: two LSTM layers of 64, 8 channels in \
                one JSON object. Times are the thread's processor time; the ratio is the median over \
                rounds in turn.
                """
        )

        @Option(help: "Devices.")
        var devices = [1000, 10_000]

        @Option(help: "Messages that wait together.")
        var together = [1, 8, 64]

        @Option(help: "Messages of a batch at most; the daemon's is 48.")
        var batch = 48

        @Option(help: "Measurements of each kind, of which the median is shown.")
        var rounds = 101

        func run() throws {
            print("devices  together  µs surviving  µs without  ratio")
            let frames = FrameLoad(cell: .lstm, hidden: 64, channels: 8, devices: 1, layers: 2)
            let model = try frames.model()
            for count in devices {
                for together in together {
                    try measure(model, count, together)
                }
            }
            for count in devices {
                var load = try SurvivalLoad.make(
                    model,
                    devices: count,
                    together: 64,
                    batch: batch,
                    survives: true
                )
                for _ in 0..<3 { _ = load.run() }
                let times = try (0..<7).map { _ in try load.takeOver(model) }
                print("\(count) devices are taken over in \(times.median.readable) ms")
            }
        }

        private func measure(_ model: Model, _ devices: Int, _ together: Int) throws {
            var with = try SurvivalLoad.make(
                model,
                devices: devices,
                together: together,
                batch: batch,
                survives: true
            )
            var without = try SurvivalLoad.make(
                model,
                devices: devices,
                together: together,
                batch: batch,
                survives: false
            )
            // Once around both rings: memory of the one is there from the start, that of the other when it is
            // touched for the first time, which a daemon does once.
            for _ in 0..<max(120_000 / devices, 3) {
                _ = with.run()
                _ = without.run()
            }
            var (times, others, ratios): ([Double], [Double], [Double]) = ([], [], [])
            for round in 0..<rounds {
                // In turn also within a pair: whoever is second finds the caches as the first left them.
                let second = round % 2 == 0 ? without.run() : 0
                let time = with.run()
                let other = round % 2 == 0 ? second : without.run()
                times.append(time)
                others.append(other)
                ratios.append(time / other)
            }
            let cells = [
                ("\(devices)", 9), ("\(together)", 10), (times.median.readable, 14),
                (others.median.readable, 12), (ratios.median.readable, 0),
            ]
            print(
                cells.reduce("") { row, cell in
                    row + cell.0
                        + String(repeating: " ", count: max(cell.1 - cell.0.count, 0))
                }
            )
        }
    }
}
