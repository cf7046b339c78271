import CLinux
import Glibc
import Synchronization
import TocsinThreads

// How it waits for something to do.

extension NetworkThread {
    /// Waits until there is something to do, and then until the last look is long enough ago; true
    /// if there may be something to read.
    ///
    /// Under load each look finds many messages, and costs one wake-up for all of them; a message
    /// that comes after a pause is read at once.
    func waitForWork(mayHaveMore: Bool) throws(MQTTError) -> Bool {
        // More will have come until then: no need to be told.
        if !mayHaveMore, isBusy { keepApart() }
        var timeout: Int32 = 1_000
        if let deadline = switchboard.stopDeadline {
            timeout = min(timeout, max(1, (deadline - .now).pollTimeout))
        }
        // What is posted from here on wakes this thread; what was posted before is seen here.
        switchboard.isSleeping.store(true, ordering: .sequentiallyConsistent)
        let isPosted = !switchboard.posts.isEmpty && !handle.wantsWrite
        if mayHaveMore || isPosted { timeout = 0 }

        let events = Int16(POLLIN) | (handle.wantsWrite ? Int16(POLLOUT) : 0)
        let network = pollfd(fd: handle.socket, events: events, revents: 0)
        let wakeup = pollfd(fd: switchboard.wakeup.descriptor, events: Int16(POLLIN), revents: 0)
        var set: InlineArray<2, pollfd> = [network, wakeup]
        var span = set.mutableSpan
        let result = unsafe span.withUnsafeMutableBufferPointer {
            unsafe poll($0.baseAddress, 2, timeout)
        }
        let code = errno
        switchboard.isSleeping.store(false, ordering: .relaxed)
        guard result >= 0 || code == EINTR else {
            errno = code
            throw MQTTError(MQTTError.Code.system, in: "poll")
        }
        let isSignalled = result > 0 && set[1].revents != 0
        if isSignalled { switchboard.wakeup.clear() }
        // A wish, such as a QoS 1 message, is not held up.
        let isWish = isSignalled && switchboard.posts.isEmpty
        if !mayHaveMore, !isWish, result > 0 || isPosted { keepApart() }
        lastLook = .now
        guard result > 0 else { return mayHaveMore }
        return mayHaveMore || set[0].revents & ~Int16(POLLOUT) != 0
    }

    /// Lets time pass until the last look is long enough ago, or somebody has a wish.
    private func keepApart() {
        let early = options.gathering - (.now - lastLook)
        if early > .zero { _ = switchboard.wakeup.wait(early) }
    }
}
