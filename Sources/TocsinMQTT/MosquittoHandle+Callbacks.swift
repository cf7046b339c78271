import CMosquitto
import Glibc

// What libmosquitto calls, all on the network thread, from within its own calls.

extension MosquittoHandle {
    /// Listens to libmosquitto's own log, which alone knows why a TLS handshake failed.
    ///
    /// Not left on: a line is formatted for every packet as soon as anybody listens.
    func setListensToLog(_ listens: Bool) {
        guard listens else {
            unsafe mosquitto_log_callback_set(pointer, nil)
            return
        }
        unsafe mosquitto_log_callback_set(pointer) { _, object, level, text in
            guard level == MOSQ_LOG_ERR, let text = unsafe text else { return }
            unsafe receiver(object)?.didLog(String(cString: text))
        }
    }

    func installCallbacks() {
        unsafe mosquitto_connect_v5_callback_set(pointer) { _, object, code, flags, _ in
            unsafe receiver(object)?.didConnect(code: code, flags: flags)
        }
        unsafe mosquitto_disconnect_v5_callback_set(pointer) { _, object, code, _ in
            unsafe receiver(object)?.didDisconnect(code: code)
        }
        unsafe mosquitto_subscribe_v5_callback_set(pointer) {
            _,
            object,
            identifier,
            count,
            granted,
            _ in
            guard count > 0, let granted = unsafe granted else { return }
            unsafe receiver(object)?.didSubscribe(identifier: identifier, granted: granted[0])
        }
        unsafe mosquitto_unsubscribe_v5_callback_set(pointer) { _, object, identifier, _ in
            unsafe receiver(object)?.didUnsubscribe(identifier: identifier)
        }
        unsafe mosquitto_publish_v5_callback_set(pointer) { _, object, identifier, code, _ in
            unsafe receiver(object)?.didPublish(identifier: identifier, code: code)
        }
        unsafe mosquitto_message_v5_callback_set(pointer) { _, object, message, _ in
            guard let message = unsafe message?.pointee, let topic = unsafe message.topic else {
                return
            }
            let topicBytes = unsafe UnsafeRawBufferPointer(start: topic, count: strlen(topic))
            let payloadBytes = unsafe UnsafeRawBufferPointer(
                start: message.payload,
                count: Int(message.payloadlen)
            )
            unsafe receiver(object)?.didReceive(
                topic: topicBytes.bindMemory(to: UInt8.self).span,
                payload: payloadBytes.bindMemory(to: UInt8.self).span,
                flags: MQTTMessageFlags(
                    qos: message.qos == 0 ? .atMostOnce : .atLeastOnce,
                    isRetained: message.retain,
                    identifier: UInt16(truncatingIfNeeded: message.mid)
                )
            )
        }
    }
}

/// Who gets a callback with this user data.
private func receiver(_ object: UnsafeMutableRawPointer?) -> NetworkThread? {
    unsafe object.map { unsafe Unmanaged<NetworkThread>.fromOpaque($0).takeUnretainedValue() }
}
