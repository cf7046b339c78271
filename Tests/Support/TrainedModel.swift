public import Foundation

/// A model of two simulated pumps with a frame every 30 s, trained by the built binary, once.
public enum TrainedModel {
    private static let made = Task { try await make() }

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

    private static func make() async throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        folder.keepUntilExit()
        try await command(
            "simulate --devices pump:2 --duration 2d --period 30s -o train.csv",
            in: folder.url
        )
        try await command(
            "train --data train.csv --updates 100 -o pump.safetensors",
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
