import Glibc
import Synchronization
import TocsinThreads

// One connection, from its first packet to its last.

extension NetworkThread {
    /// Serves a connection until it breaks, which is thrown, or until told to stop.
    func serve() throws(MQTTError) {
        let answerDeadline = ContinuousClock.now + options.answerTimeout
        var isConnected = false
        var mayHaveMore = false
        while true {
            if answer == 0 && !isConnected {
                isConnected = true
                // Not in the callback, where this would wait for itself.
                handle.setListensToLog(false)
            }
            if isConnected {
                try subscriber.update(switchboard, handle, versions.current)
                if publisher.handOver(to: handle, versions.current) { mayHaveMore = true }
                reportSubscriptions()
            } else if ContinuousClock.now >= answerDeadline {
                throw MQTTError(MQTTError.Code.timeout, in: "CONNECT")
            }
            if let deadline = switchboard.stopDeadline {
                let isDone = !isConnected || publisher.isDone
                if isDone || ContinuousClock.now >= deadline { return sayGoodbye(deadline) }
            }
            if takeRenewal() { throw .renewal }
            mayHaveMore = try round(mayHaveMore: mayHaveMore)
        }
    }

    /// Waits for something to do and does it; true if more can be done without waiting.
    private func round(mayHaveMore: Bool) throws(MQTTError) -> Bool {
        showProgress()
        var hasMore = false
        if try waitForWork(mayHaveMore: mayHaveMore) {
            hasMore = try drain()
        } else {
            isBusy = false
        }
        if handle.socket >= 0 && handle.wantsWrite {
            // Acknowledgements of a busy connection travel together.
            let isBurst = isBusy
            if isBurst { handle.setCorked(true) }
            defer { if isBurst { handle.setCorked(false) } }
            try handle.write()
        }
        try checkSocket()
        if lastLook - lastUpkeep >= .milliseconds(900) {
            lastUpkeep = lastLook
            try handle.keepUp()
            try checkSocket()
        }
        return hasMore
    }

    /// Reads until nothing is left, but not for ever; true if something is left.
    private func drain() throws(MQTTError) -> Bool {
        let first = callbacks
        defer {
            tellPause()
            isBusy = callbacks - first >= 4
        }
        for i in 1...512 {
            let before = callbacks
            let isEmpty = try handle.read()
            try checkSocket()
            // A callback may have left EAGAIN behind; then there may still be more.
            if isEmpty && callbacks == before { return false }
            if i % 64 == 0 { tellPause() }
        }
        return true
    }

    func tellPause() {
        guard uncounted.messages > 0 else { return }
        switchboard.received.add(UInt64(uncounted.messages), ordering: .relaxed)
        switchboard.receivedBytes.add(UInt64(uncounted.bytes), ordering: .relaxed)
        uncounted = (0, 0)
        handlers.pause()
    }

    /// libmosquitto closes the socket without an error when the broker sent DISCONNECT.
    private func checkSocket() throws(MQTTError) {
        guard handle.socket < 0 else { return }
        throw MQTTError(
            code: MQTTError.Code.lost,
            call: "mosquitto_loop_read",
            reason: nil,
            detail: ""
        )
    }

    private func reportSubscriptions() {
        for refusal in subscriber.takeRefusals() {
            tell(.filterRefused(refusal.filter, refusal.error(versions.current)))
        }
        if let granted = subscriber.takeCompletion() { tell(.subscribed(granted)) }
    }

    private func sayGoodbye(_ deadline: ContinuousClock.Instant) {
        guard handle.socket >= 0, answer == 0 else { return }
        handle.disconnect()
        // DISCONNECT itself gets a moment, even if the messages before it took all the time there was.
        let last = max(deadline, ContinuousClock.now + .milliseconds(200))
        while handle.socket >= 0, handle.wantsWrite, ContinuousClock.now < last {
            var set = pollfd(fd: handle.socket, events: Int16(POLLOUT), revents: 0)
            _ = unsafe poll(&set, 1, (last - .now).pollTimeout)
            do { try handle.write() } catch { return }
        }
    }
}
