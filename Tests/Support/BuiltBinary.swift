public import Foundation

/// The `tocsin` that was built together with these tests.
public enum BuiltBinary {
    /// Where it is: beside the tests themselves, or where `$TOCSIN_BINARY` says.
    public static let path: String = {
        if let path = ProcessInfo.processInfo.environment["TOCSIN_BINARY"] { return path }
        return URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appendingPathComponent("tocsin").path
    }()

    /// Starts it; `prefix` stands before its command.
    public static func start(
        _ arguments: [String],
        prefix: [String] = [],
        environment: [String: String] = [:],
        in directory: URL? = nil,
        input: String = "/dev/null"
    ) throws -> RunningProgram {
        let words = prefix + [path] + arguments
        return try RunningProgram(
            words[0],
            Array(words.dropFirst()),
            environment: RunningProgram.environment.merging(environment) { $1 },
            in: directory,
            input: input
        )
    }

    /// Runs it to its end, whatever that is.
    public static func run(
        _ arguments: [String],
        environment: [String: String] = [:],
        in directory: URL? = nil,
        within limit: Duration = .seconds(120)
    ) async throws -> Outcome {
        let program = try start(arguments, environment: environment, in: directory)
        let code = try await program.wait(within: limit)
        return Outcome(
            code: code,
            output: program.standardOutput,
            error: program.standardError
        )
    }

    /// How a run ended.
    public struct Outcome: Sendable {
        /// The exit code, or the number of the signal with a minus.
        public let code: Int32
        public let output: String
        public let error: String
    }
}
