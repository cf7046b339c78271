import Synchronization
import TocsinThreads

/// Work on many items by a few threads, with the results in the order of the items.
///
/// Each thread takes the next item that nobody has, so that a long one delays only its own thread. The
/// first error, in the order of the items, is thrown when all threads have ended.
public enum ParallelWork {
    /// What `work` makes of each item.
    ///
    /// - Parameters:
    ///   - threads: how many work at once, at least 1
    public static func map<Item: Sendable, Output: Sendable>(
        _ items: [Item],
        threads: Int,
        _ work: @escaping @Sendable (Item) throws -> Output
    ) throws -> [Output] {
        let queue = try Queue<Item, Output>(items)
        let count = min(max(threads, 1), items.count)
        for _ in 0..<count {
            try DedicatedThread.start("worker") { queue.run(work) }
        }
        return try queue.results(whenEnded: count).map { try $0.get() }
    }
}

/// What the threads share.
private final class Queue<Item: Sendable, Output: Sendable>: Sendable {
    private struct State {
        var next = 0
        var ended = 0
        var results: [Result<Output, any Error>?]
    }

    private let items: [Item]
    private let state: Mutex<State>
    private let wakeup: Wakeup

    init(_ items: [Item]) throws {
        self.items = items
        state = Mutex(State(results: Array(repeating: nil, count: items.count)))
        wakeup = try Wakeup()
    }

    func run(_ work: (Item) throws -> Output) {
        while let i = take() {
            let result = Result { try work(items[i]) }
            state.withLock {
                $0.results[i] = result
                // After an error nothing is worth beginning.
                if case .failure = result { $0.next = items.count }
            }
        }
        state.withLock { $0.ended += 1 }
        wakeup.signal()
    }

    private func take() -> Int? {
        state.withLock { state in
            guard state.next < items.count else { return nil }
            state.next += 1
            return state.next - 1
        }
    }

    /// The results there are, once so many threads have ended.
    func results(whenEnded threads: Int) -> [Result<Output, any Error>] {
        while state.withLock({ $0.ended < threads }) {
            _ = wakeup.wait(.seconds(3600))
            wakeup.clear()
        }
        return state.withLock { $0.results.compactMap { $0 } }
    }
}
