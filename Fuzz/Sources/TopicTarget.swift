import CMosquitto
@testable import TocsinCore
@testable import TocsinMQTT

/// Templates, one to a line; then, behind a NUL each, topics.
func fuzzTopics(_ bytes: [UInt8]) {
    let parts = bytes.parts(0, most: 32)
    let lines = parts[0].parts(UInt8(ascii: "\n"), most: 32)
    var templates: [TopicTemplate] = []
    for line in lines {
        guard let text = String(validating: line, as: UTF8.self),
            let template = try? TopicTemplate(text)
        else { continue }
        check(template.filter.isSubscribable, "\(template.filter.debugDescription) is no filter")
        let topic = template.topic(device: "d", channel: "c")
        let bytes = Array(topic.utf8)
        check(template.match(bytes.span) != nil, "\(text) does not take \(topic)")
        templates.append(template)
    }
    let table = TopicTable(templates)
    for topic in parts.dropFirst() {
        let fast = table.find(topic.span)
        let plain = table.findInTurn(topic.span)
        check(
            fast?.template == plain?.template && fast?.match == plain?.match,
            "\(String(describing: fast)), in turn \(String(describing: plain))"
        )
        guard let match = fast?.match else { continue }
        check(!match.device.isEmpty && match.device.upperBound <= topic.count, "no device")
        check(match.channel.upperBound <= topic.count, "no channel")
        check(!topic[match.device].contains(UInt8(ascii: "/")), "a device of two levels")
        let name = String(decoding: topic[match.device], as: UTF8.self)
        for pattern in lines {
            _ = DevicePattern(String(decoding: pattern, as: UTF8.self)).matches(name)
        }
    }
}

extension String {
    /// Whether MQTT allows to subscribe to it.
    var isSubscribable: Bool {
        let length = utf8.count
        guard length > 0, length <= 65_535 else { return false }
        return mosquitto_sub_topic_check2(self, length) == MOSQ_ERR_SUCCESS.rawValue
            && mosquitto_validate_utf8(self, Int32(length)) == MOSQ_ERR_SUCCESS.rawValue
    }
}
