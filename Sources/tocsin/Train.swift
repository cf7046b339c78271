import ArgumentParser
import TocsinCore
import TocsinDaemon
import TocsinFiles
import TocsinNN
import TocsinTraining

extension Tocsin {
    struct Train: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Train a model on recorded tables of healthy behaviour."
        )

        @OptionGroup var source: RecordingOptions

        @Option(
            parsing: .upToNextOption,
            help: "Tables (CSV) or recordings (.jsonl), also .gz; each with one or more devices.",
            completion: .file()
        )
        var data: [String]

        @Option(name: .shortAndLong, help: "The model file to write.")
        var output: String

        @Option(help: "Every random draw follows from it.")
        var seed: UInt64 = 1

        @Option(help: "lstm, gru or rnn.")
        var cell = CellKind.lstm

        @Option(help: "Hidden units of each recurrent layer.")
        var hidden = 64

        @Option(help: "Stacked encoder layers.")
        var layers = 1

        @Option(help: "Elements of the code before the reconstruction; 0 for none.")
        var code = 0

        @Option(help: "linear or recurrent.")
        var decoder = DecoderKind.linear

        @Option(help: "What is predicted: forecast, reconstruct, or both with a comma between.")
        var heads = "forecast"

        @Option(help: "f32, or f16: half the memory, faster for one device of a large network.")
        var weights = WeightType.single

        @Option(help: "standard, minmax, robust or none.")
        var scaler = ScalerMethod.standard

        @Option(help: "One frame every so long, such as 10s; the median step if left out.")
        var period: SpanArgument?

        @Option(help: "A longer gap resets the state; ten periods if left out.")
        var maxGap: SpanArgument?

        @Option(help: "What stands for a missing sample: hold (the last value) or missing.")
        var fill = FrameClock.Fill.hold

        @Option(help: "How long a value is held; five periods if left out.")
        var holdLimit: SpanArgument?

        @Option(help: "Weight updates at most.")
        var updates = 400

        @Flag(
            inversion: .prefixedNo,
            help: "Say whether the network earns its place beside seven baselines."
        )
        var comparison = true

        @Option(parsing: .upToNextOption, help: "Columns to leave out.")
        var ignore: [String] = []

        @Option(
            parsing: .upToNextOption,
            help: "Unit and physical range of channels, such as pressure=bar:0:16."
        )
        var channel: [String] = []

        func validate() throws {
            guard (1...4096).contains(hidden), (1...16).contains(layers), updates > 0 else {
                throw ValidationError("hidden is 1 to 4096, layers 1 to 16, updates at least 1")
            }
        }

        func run() throws {
            try reporting { try train() }
        }

        private func train() throws {
            // What is asked for wrongly is said before hours of reading.
            let plan = try plan()
            let (rows, channels, hash) = try read()
            let dataset = try Dataset(
                channels: channels,
                rows: rows,
                period: period?.duration
            ) { period in
                FrameClock(
                    period: period,
                    maxGap: maxGap?.duration,
                    fill: fill,
                    holdLimit: holdLimit?.duration
                )
            }
            var line = ProgressLine()
            let result = try ModelTraining(plan).run(
                dataset,
                name: Tables.device(output),
                dataHash: hash,
                configuration: record(dataset.clock),
                versions: ["tocsin": tocsinVersion],
                progress: { progress in
                    let later = progress.validationLoss.map { ", later \($0.readable)" } ?? ""
                    line.show(
                        Double(progress.update) / Double(progress.updates),
                        "training, loss \(progress.loss.readable)\(later)"
                    )
                }
            )
            let bytes = try ModelFile.encode(result.model, golden: result.golden)
            try Files.write(bytes, to: output)
            if comparison { line.show(1, "comparing with baselines") }
            let verdict = comparison ? verdict(result.model, dataset) : nil
            line.clear()
            report(result, dataset)
            if let verdict { Console.print(verdict) }
        }

        /// Whether the network earns its place, or why nobody knows.
        private func verdict(_ model: Model, _ dataset: Dataset) -> String {
            do {
                return try BaselineComparison(model, dataset).sentence
            } catch {
                return "\(error)"
            }
        }

        private func read() throws -> ([CSVReader.Row], [String], String) {
            var rows: [CSVReader.Row] = []
            var channels: [String] = []
            var hashes = ""
            for path in data {
                let table = try source.rows(path, ignoring: ignore)
                if channels.isEmpty { channels = table.channels }
                guard table.channels == channels else {
                    throw DatasetError.differentChannels(file: path)
                }
                hashes += table.hash
                rows += table.rows
            }
            return (rows, channels, ModelFile.hash(hashes.utf8))
        }

        private func plan() throws -> ModelTraining.Plan {
            var plan = ModelTraining.Plan()
            plan.cell = cell
            plan.hiddenSize = hidden
            plan.layers = layers
            plan.codeSize = code
            plan.decoder = decoder
            plan.weights = weights
            plan.scaler = scaler
            plan.options.seed = seed
            plan.options.updates = updates
            plan.heads = []
            for name in heads.split(separator: ",") {
                switch name {
                case "forecast": plan.heads.insert(.forecast)
                case "reconstruct": plan.heads.insert(.reconstruct)
                default:
                    throw ValidationError("unknown head '\(name)'; expected forecast, reconstruct")
                }
            }
            for text in channel {
                let described = try describe(text)
                plan.channels[described.name] = described
            }
            return plan
        }

        /// Reads `name=unit`, `name=unit:least:largest`.
        private func describe(_ text: String) throws -> Channel {
            let parts = text.split(separator: "=", maxSplits: 1)
            let fields =
                parts.count == 2
                ? parts[1].split(separator: ":", omittingEmptySubsequences: false) : []
            guard parts.count == 2, fields.count == 1 || fields.count == 3 else {
                throw ValidationError("'\(text)': expected NAME=UNIT or NAME=UNIT:LEAST:LARGEST")
            }
            var channel = Channel(name: String(parts[0]), unit: String(fields[0]))
            if fields.count == 3 {
                guard let least = Double(fields[1]), let largest = Double(fields[2]),
                    least < largest
                else { throw ValidationError("'\(text)': the range is not two rising numbers") }
                channel.minimum = least
                channel.maximum = largest
            }
            return channel
        }

        private func record(_ clock: FrameClock) -> [String: String] {
            [
                "cell": cell.rawValue, "hidden": "\(hidden)", "layers": "\(layers)",
                "code": "\(code)", "decoder": decoder.rawValue, "heads": heads,
                "weights": weights.rawValue, "scaler": scaler.rawValue, "updates": "\(updates)",
                "period": "\(clock.period.inSeconds)", "fill": fill.rawValue,
            ]
        }

        /// How many false alerts are to be expected, and how far beyond the data that says it.
        private func expectation(_ model: Model) -> String {
            let months = model.clock.monthsPerFrame
            let calibration = model.calibration
            let peaks = calibration.peaks
            let rate = peaks.rate(above: calibration.threshold) / months
            let seen = Int(peaks.weight - PeakDistribution.priorWeight)
            let span = Duration.seconds(peaks.frames * model.clock.period.inSeconds)
            return
                "false anomaly alerts: at most \(rate.readable) a month to expect at the boundary "
                + "that ships, with a confidence of 90 %, from \(seen) healthy peaks in "
                + "\(span.readable); budget_per_month sets another boundary, and a month is "
                + "\((1 / (peaks.frames * months)).readable) times what was seen"
        }

        private func report(_ result: ModelTraining.Result, _ dataset: Dataset) {
            let validation = result.model.validation
            let ratio = validation.modelError / validation.lastValueError
            let stretches = result.model.calibration.independentStretches
            Console.print(
                "\(output): \(result.model.channels.count) channels, a frame every "
                    + "\(dataset.clock.period.inSeconds.readable) s, "
                    + "\(result.outcome.updates) updates"
            )
            Console.print(
                "one-step error on the last fifth: \(validation.modelError.readable), that is "
                    + "\(ratio.readable) times the error of saying that nothing changes "
                    + "(in squared spreads, over \(validation.frames) frames)"
            )
            Console.print(
                "calibrated on \(validation.frames) frames, which count as \(stretches.readable) "
                    + "independent ones"
            )
            Console.print(expectation(result.model))
            let drift = result.model.calibration.drift
            let days = drift.framesPerFalseAlert * dataset.clock.period.inSeconds / 86_400
            Console.print(
                "drift: a false alert about every \(days.readable) days expected (from "
                    + "\(drift.independentStretches.readable) independent stretches)"
            )
            for note in result.notes { Console.print(note) }
        }
    }
}
