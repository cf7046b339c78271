import Synchronization

// What libmosquitto tells, from within its calls.

extension NetworkThread {
    func didConnect(code: Int32, flags: Int32) {
        callbacks += 1
        answer = code
        guard code == 0 else { return }
        connectedSince = .now
        lastLogLine = ""
        enter(.connected)
        switchboard.connects.add(1, ordering: .relaxed)
        // Whatever slipped in while the last connection ended; but what an earlier process left goes.
        if switchboard.connects.load(ordering: .relaxed) > 1 { publisher.dropPosts() }
        switchboard.isConnected.store(true, ordering: .relaxed)
        versions.succeeded()
        subscriber.reset()
        // Told here, because messages may follow before the call that reads them returns.
        tell(.connected(sessionPresent: flags & 1 != 0, version: versions.current))
    }

    func didDisconnect(code: Int32) {
        callbacks += 1
        // Smaller ones are libmosquitto's own codes, which its calls return as well.
        if code >= 0x80 { farewell = code }
    }

    func didSubscribe(identifier: Int32, granted: Int32) {
        callbacks += 1
        subscriber.answered(identifier: identifier, code: granted)
    }

    func didUnsubscribe(identifier: Int32) {
        callbacks += 1
        subscriber.answered(identifier: identifier, code: 0)
    }

    func didPublish(identifier: Int32, code: Int32) {
        callbacks += 1
        publisher.acknowledged(identifier: identifier, code: code)
    }

    func didReceive(topic: Span<UInt8>, payload: Span<UInt8>, flags: MQTTMessageFlags) {
        callbacks += 1
        uncounted.messages += 1
        uncounted.bytes += payload.count
        handlers.message(topic, payload, flags)
    }

    func didLog(_ line: String) {
        lastLogLine = line
    }
}
