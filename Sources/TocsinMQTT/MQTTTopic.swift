import CMosquitto

/// A topic that may be published to.
public struct MQTTTopic: Sendable, Equatable {
    /// As libmosquitto wants it: UTF-8 with a NUL at its end.
    let bytes: [UInt8]

    /// Throws for a topic that is empty, too long, not valid UTF-8 for MQTT, or has wildcards.
    public init(_ text: String) throws(MQTTPublishRefusal) {
        guard text.isPublishable else { throw .invalidTopic(text) }
        bytes = Array(text.utf8) + [0]
    }
}

extension String {
    /// Whether MQTT allows to publish to this topic.
    var isPublishable: Bool {
        let length = utf8.count
        guard length > 0, length <= 65_535 else { return false }
        // Checked by length, so a NUL cannot hide what follows it.
        let success = MQTTError.Code.success
        return unsafe mosquitto_pub_topic_check2(self, length) == success
            && mosquitto_validate_utf8(self, Int32(length)) == success
    }
}
