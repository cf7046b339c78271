import Synchronization
import TocsinThreads

/// An answer that one thread owes another.
final class Reply: Sendable {
    private let content = Mutex<[UInt8]?>(nil)
    private let arrived: Wakeup

    init() throws(ThreadError) {
        arrived = try Wakeup()
    }

    /// Gives the answer.
    func give(_ bytes: [UInt8]) {
        content.withLock { $0 = bytes }
        arrived.signal()
    }

    /// Waits for the answer; `nil` if it does not come in time.
    func wait(_ limit: Duration) -> [UInt8]? {
        arrived.wait(limit) ? content.withLock { $0 } : nil
    }
}
