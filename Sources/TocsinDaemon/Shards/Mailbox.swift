import Synchronization
import TocsinThreads

/// What any thread tells one: a list, and a thread that waits for it.
///
/// For what is rare; messages of devices go through an ``Inbox``.
final class Mailbox<Letter: Sendable>: Sendable {
    private let letters = Mutex<[Letter]>([])
    private let arrived: Wakeup

    init() throws(ThreadError) { arrived = try Wakeup() }

    /// Puts something in.
    func put(_ letter: Letter) {
        letters.withLock { $0.append(letter) }
        arrived.signal()
    }

    /// Takes out what is there, oldest first.
    func take() -> [Letter] {
        letters.withLock { letters in
            defer { letters.removeAll() }
            return letters
        }
    }

    /// Waits until something is put in, at most for `timeout`.
    func wait(_ timeout: Duration) {
        if arrived.wait(timeout) { arrived.clear() }
    }
}
