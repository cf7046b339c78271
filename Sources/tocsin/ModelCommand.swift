import ArgumentParser
import TocsinCore
import TocsinDaemon
import TocsinFiles
import TocsinNN

extension Tocsin {
    struct ModelCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "model",
            abstract: "Look into model files.",
            subcommands: [Show.self]
        )
    }
}

extension Tocsin.ModelCommand {
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what is in a model file, after having it reproduce its golden sequence."
        )

        @Argument(help: "The model file.", completion: .file(extensions: ["safetensors"]))
        var file: String

        @Flag(help: "Print the file's own description, as JSON.")
        var json = false

        func run() throws {
            try reporting {
                let model = try Setup.loadModel(file)
                if json {
                    Console.print(try ModelFile.description(try Files.read(file)))
                    return
                }
                for (name, value) in rows(model) {
                    let padding = String(repeating: " ", count: max(20 - name.count, 1))
                    Console.print("\(name)\(padding)\(value)")
                }
            }
        }

        private func rows(_ model: Model) -> [(String, String)] {
            let blueprint = model.autoencoder.blueprint
            let heads = [
                blueprint.heads.contains(.forecast) ? "forecast" : "",
                blueprint.heads.contains(.reconstruct) ? "reconstruct" : "",
            ].filter { !$0.isEmpty }.joined(separator: ", ")
            var rows = [
                ("name", model.name),
                ("identity", model.identity),
                (
                    "network",
                    "\(blueprint.cell.rawValue), \(blueprint.layers) × \(blueprint.hiddenSize) "
                        + "hidden, code \(blueprint.codeSize), \(blueprint.decoder.rawValue) "
                        + "decoder, heads: \(heads)"
                ),
                ("weights", model.autoencoder.weights.rawValue),
                ("period", "\(model.clock.period.inSeconds.readable) s"),
                ("gap that resets", "\(model.clock.maxGap.inSeconds.readable) s"),
                (
                    "missing values",
                    model.clock.fill == .hold
                        ? "held for \(model.clock.holdLimit.inSeconds.readable) s, then masked"
                        : "masked"
                ),
                ("warm-up", "\(model.warmUp) frames"),
                ("longest sequence", "\(model.longestSequence) frames in training"),
                ("threshold", "A = \(model.calibration.threshold.readable)"),
                (
                    "calibrated on",
                    "\(model.validation.frames) frames, as good as "
                        + "\(model.calibration.independentStretches.readable) independent ones"
                ),
                (
                    "one-step error",
                    "\(model.validation.modelError.readable); last value "
                        + "\(model.validation.lastValueError.readable)"
                ),
                ("data until", model.provenance.dataUntil),
                ("data hash", model.provenance.dataHash),
                ("seed", "\(model.provenance.seed)"),
                ("golden sequence", "reproduced"),
            ]
            for (c, channel) in model.channels.enumerated() {
                let range = channel.minimum.map {
                    ", \($0.readable) to \((channel.maximum ?? .infinity).readable)"
                }
                let unit = channel.unit.isEmpty ? "" : " \(channel.unit)"
                let offset = model.scaler.offset[c].readable
                let spread = (1 / model.scaler.gain[c]).readable
                let scored = model.calibration.isScored[c] ? "" : ", not scored"
                rows.append(
                    (
                        "channel",
                        "\(channel.name): \(offset) ± \(spread)\(unit)\(range ?? "")\(scored)"
                    )
                )
            }
            return rows
        }
    }
}
