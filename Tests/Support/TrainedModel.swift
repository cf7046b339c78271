public import Foundation

/// A model of two simulated pumps with a frame every 30 s, trained by the built binary, once.
public enum TrainedModel {
    private static let made = Task { try await make("2d", period: "30s", updates: 100) }
    private static let madeQuick = Task { try await make("20m", period: "1s", updates: 5) }

    /// The model file and the table that it was trained on.
    public static var files: (model: URL, table: URL) {
        get async throws {
            let folder = try await made.value
            return (
                folder.url.appendingPathComponent("pump.safetensors"),
                folder.url.appendingPathComponent("train.csv")
            )
        }
    }

    /// A model with a frame every second, hardly trained: silence is soon said of its devices.
    public static var quick: URL {
        get async throws {
            try await madeQuick.value.url.appendingPathComponent("pump.safetensors")
        }
    }

    private static func make(_ duration: String, period: String, updates: Int) async throws
        -> TemporaryFolder
    {
        let folder = try TemporaryFolder()
        folder.keepUntilExit()
        try await command(
            "simulate --devices pump:2 --duration \(duration) --period \(period) -o train.csv",
            in: folder.url
        )
        try await command(
            "train --data train.csv --updates \(updates) -o pump.safetensors",
            in: folder.url
        )
        return folder
    }
}

/// Runs a command of the built binary, and throws unless that went well.
@discardableResult
public func command(_ line: String, in directory: URL? = nil) async throws -> BuiltBinary.Outcome {
    let arguments = line.split(separator: " ").map(String.init)
    let outcome = try await BuiltBinary.run(arguments, in: directory)
    guard outcome.code == 0 else {
        throw WaitedInVain(what: "a good end of tocsin \(line)", detail: outcome.error)
    }
    return outcome
}
