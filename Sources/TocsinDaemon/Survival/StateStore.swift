import Glibc
import TocsinFiles

/// Where state is kept on disk: for a stop and a start, and for a machine that starts again.
struct StateStore: Sendable {
    /// The file.
    let path: String
    /// The one before it, for when the file turns out to be damaged.
    var previous: String { "\(path).previous" }
    /// How often it is written.
    let interval: Duration

    /// A store in a folder.
    init(folder: String, interval: Duration) {
        path = "\(folder)/state"
        self.interval = interval
    }

    /// What was saved, or `nil` if nothing was.
    ///
    /// Of a damaged file that counts which holds more devices, itself or the one before it.
    func load() throws -> Checkpoint? {
        let latest = Result { try read(path) }
        if case .success(let checkpoint?) = latest, checkpoint.damaged == 0 { return checkpoint }
        guard let older = try? read(previous) else { return try latest.get() }
        guard case .success(let checkpoint?) = latest,
            checkpoint.devices.count >= older.devices.count
        else { return older }
        return checkpoint
    }

    private func read(_ path: String) throws -> Checkpoint? {
        do {
            return try Checkpoint(try Files.read(path))
        } catch let error as FileError where error.code == ENOENT {
            return nil
        }
    }

    /// Saves.
    func save(_ checkpoint: Checkpoint) throws(FileError) {
        var draft = try DraftFile(of: path, mode: 0o600)
        try draft.append(checkpoint.encoded())
        try draft.putInPlace(keeping: previous)
    }
}
