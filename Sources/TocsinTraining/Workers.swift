import Glibc
import TocsinThreads

/// Threads that share out numbered pieces of work, and sleep in between.
///
/// Nobody spins: beside other programs a thread that waits gives its processor away.
final class Workers: Sendable {
    /// The number of processors that are on.
    static var processors: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    private let board: Board

    /// The calling thread is one of them, number 0; if the system does not give all, there are
    /// fewer.
    init(threads: Int) {
        let board = Board()
        self.board = board
        for number in 1..<max(1, threads) {
            do {
                try DedicatedThread.start("training") { board.work(number) }
            } catch {
                break
            }
        }
    }

    deinit {
        board.end()
    }

    /// Calls `body` with every number below `count`, on any of the threads and in any order, and
    /// with the number of the thread.
    func run(_ count: Int, _ body: (Int, Int) -> Void) {
        withoutActuallyEscaping(body) { board.run(count, $0) }
    }
}

/// What the threads share; everything but the two conditions is guarded by the mutex.
@safe private final class Board: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let isThereWork = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let isDone = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var body: ((Int, Int) -> Void)?
    private var next = 0
    private var count = 0
    private var unfinished = 0
    private var isEnding = false

    init() {
        unsafe pthread_mutex_init(mutex, nil)
        unsafe pthread_cond_init(isThereWork, nil)
        unsafe pthread_cond_init(isDone, nil)
    }

    deinit {
        unsafe pthread_cond_destroy(isDone)
        unsafe pthread_cond_destroy(isThereWork)
        unsafe pthread_mutex_destroy(mutex)
        unsafe isDone.deallocate()
        unsafe isThereWork.deallocate()
        unsafe mutex.deallocate()
    }

    func run(_ count: Int, _ body: @escaping (Int, Int) -> Void) {
        unsafe pthread_mutex_lock(mutex)
        // Copies of a pass share their workers: one after the other.
        while self.body != nil { unsafe pthread_cond_wait(isDone, mutex) }
        self.body = body
        (next, self.count, unfinished) = (0, count, count)
        unsafe pthread_cond_broadcast(isThereWork)
        while next < self.count { take(0) }
        while unfinished > 0 { unsafe pthread_cond_wait(isDone, mutex) }
        (next, self.count) = (0, 0)
        self.body = nil
        unsafe pthread_cond_broadcast(isDone)
        unsafe pthread_mutex_unlock(mutex)
    }

    /// What a thread does until the end.
    func work(_ thread: Int) {
        unsafe pthread_mutex_lock(mutex)
        while !isEnding {
            if next < count {
                take(thread)
            } else {
                unsafe pthread_cond_wait(isThereWork, mutex)
            }
        }
        unsafe pthread_mutex_unlock(mutex)
    }

    func end() {
        unsafe pthread_mutex_lock(mutex)
        isEnding = true
        unsafe pthread_cond_broadcast(isThereWork)
        unsafe pthread_mutex_unlock(mutex)
    }

    /// Does the next piece; the mutex is held before and after, but not in between.
    private func take(_ thread: Int) {
        let (piece, body) = (next, body)
        next += 1
        unsafe pthread_mutex_unlock(mutex)
        body?(piece, thread)
        unsafe pthread_mutex_lock(mutex)
        unfinished -= 1
        if unfinished == 0 { unsafe pthread_cond_broadcast(isDone) }
    }
}
