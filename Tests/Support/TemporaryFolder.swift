public import Foundation
import Synchronization

/// Folders that are removed at exit.
private let kept = Mutex<[URL]>([])

/// A new, empty directory.
public func temporaryDirectory() throws -> URL {
    let directory = FileManager.default.temporaryDirectory
        .appendingPathComponent("tocsin-test-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    return directory
}

/// A directory that is gone when its last user is.
public final class TemporaryFolder: Sendable {
    public let url: URL

    public init() throws {
        url = try temporaryDirectory()
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    /// Keeps it until the tests have ended, instead of until its last user has.
    func keepUntilExit() {
        kept.withLock { $0.append(url) }
        atexit {
            kept.withLock { folders in
                for folder in folders { try? FileManager.default.removeItem(at: folder) }
            }
        }
    }

    /// The path of something in it.
    public func path(_ name: String) -> String { url.appendingPathComponent(name).path }

    /// Writes a file, and returns its path.
    @discardableResult
    public func write(_ text: String, to name: String) throws -> String {
        try Data(text.utf8).write(to: url.appendingPathComponent(name))
        return path(name)
    }
}
