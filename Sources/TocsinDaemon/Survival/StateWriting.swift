import Synchronization
import TocsinFiles
import TocsinThreads

/// All shards' state on its way to the disk: they encode it piece by piece, a thread of its own
/// writes it, and nobody who scores waits for the disk.
final class StateWriting: Sendable {
    private struct State {
        var left: Int
        var pieces: [[UInt8]] = []
        var bytes = 0
        /// Whether a shard will not append all it has.
        var isAbandoned = false
    }

    private let store: StateStore
    private let state: Mutex<State>
    private let changed: Wakeup
    private let done: @Sendable (FileError?) -> Void
    /// So many bytes wait for the disk at most.
    private static let most = 4 << 20

    /// A file that is being written from now on.
    ///
    /// - Parameter done: told once, when it is in place, or why it is not
    init(
        _ store: StateStore,
        shards: Int,
        done: @escaping @Sendable (FileError?) -> Void
    ) throws(ThreadError) {
        self.store = store
        self.done = done
        state = Mutex(State(left: shards))
        changed = try Wakeup()
        try DedicatedThread.start("state") { [self] in write() }
    }

    /// Whether more may be appended.
    var isHungry: Bool { state.withLock { $0.bytes < Self.most } }

    /// Appends records.
    func append(_ bytes: [UInt8]) {
        state.withLock { state in
            state.pieces.append(bytes)
            state.bytes += bytes.count
        }
        changed.signal()
    }

    /// A shard has appended all it has.
    func finish() {
        state.withLock { $0.left -= 1 }
        changed.signal()
    }

    /// A shard will not append all it has: the file that is there stays.
    func abandon() {
        state.withLock { $0.isAbandoned = true }
        finish()
    }

    private func write() {
        do {
            var draft = try DraftFile(of: store.path, mode: 0o600)
            try draft.append(Checkpoint.head)
            while let pieces = next() {
                for piece in pieces { try draft.append(piece) }
            }
            guard !state.withLock({ $0.isAbandoned }) else { return done(nil) }
            try draft.append(Checkpoint.end)
            try draft.putInPlace(keeping: store.previous)
            done(nil)
        } catch {
            // The shards must not wait for a disk that takes nothing.
            while next() != nil {}
            done(error)
        }
    }

    /// What was appended meanwhile, after a wait; `nil` if no more will come.
    private func next() -> [[UInt8]]? {
        while true {
            let (pieces, isOver) = state.withLock { state in
                defer {
                    state.pieces.removeAll()
                    state.bytes = 0
                }
                return (state.pieces, state.left <= 0)
            }
            if !pieces.isEmpty { return pieces }
            if isOver { return nil }
            _ = changed.wait(.seconds(1))
            changed.clear()
        }
    }
}
