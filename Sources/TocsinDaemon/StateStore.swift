import Glibc
import TocsinFiles

/// Where state is kept.
struct StateStore: Sendable {
    /// The file.
    let path: String
    /// How often it is written.
    let interval: Duration

    /// A store in a folder.
    init(folder: String, interval: Duration) {
        path = "\(folder)/state"
        self.interval = interval
    }

    /// What was saved, or `nil` if nothing was.
    func load() throws -> Checkpoint? {
        do {
            return try Checkpoint(try Files.read(path))
        } catch let error as FileError where error.code == ENOENT {
            return nil
        }
    }

    /// Saves.
    func save(_ checkpoint: Checkpoint) throws(FileError) {
        try Files.write(checkpoint.encoded(), to: path, mode: 0o600)
    }
}
