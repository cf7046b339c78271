import Foundation

/// A time of day that a test may set, for one program.
public struct ShiftedClock: Sendable {
    private let folder: TemporaryFolder
    private let library: String
    private let file: String

    private static let compiler: String? = (ProcessInfo.processInfo.environment["PATH"] ?? "")
        .split(separator: ":").map { "\($0)/clang" }
        .first(where: FileManager.default.isExecutableFile(atPath:))

    /// Whether there is what it takes; Swift's toolchain has it.
    public static var canBeMade: Bool { compiler != nil }

    public init() throws {
        folder = try TemporaryFolder()
        library = folder.path("shifted-clock.so")
        file = folder.path("shift")
        try Data(count: 8).write(to: URL(fileURLWithPath: file))
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Fixtures/shifted-clock.c").path
        guard let compiler = Self.compiler else { throw POSIXError(.ENOENT) }
        try run(compiler, ["-shared", "-fPIC", "-O1", "-o", library, source], in: folder.url)
    }

    /// What the program finds in its environment.
    public var environment: [String: String] { ["LD_PRELOAD": library, "SHIFTED_CLOCK": file] }

    /// Sets the clock: so many seconds ahead of the true time from now on.
    public func set(ahead seconds: Int) throws {
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file))
        defer { try? handle.close() }
        try handle.write(contentsOf: withUnsafeBytes(of: seconds) { Data($0) })
    }
}
