public import TocsinCore

/// A table's row as the message that a device would have sent.
public struct RowMessage: Sendable {
    /// How a device sends.
    public enum Form: String, Sendable, CaseIterable {
        /// One JSON object with all channels and the time.
        case json
        /// One plain number per channel.
        case number
    }

    private let template: TopicTemplate
    private let form: Form
    private let channels: [String]

    /// Messages to topics of a template.
    public init(template: TopicTemplate, form: Form, channels: [String]) {
        self.template = template
        self.form = form
        self.channels = channels
    }

    /// The messages of a row: topic and payload; missing values are left out.
    ///
    /// The time is written in microseconds, so that nothing of it is lost.
    public func messages(
        device: String,
        time: Timestamp,
        values: [Double]
    ) -> [(topic: String, payload: [UInt8])] {
        switch form {
        case .json:
            var json = JSONWriter()
            json.object { json in
                json.member("time", Int(time.microseconds))
                for (c, value) in values.enumerated() where !value.isNaN {
                    json.member(channels[c], value)
                }
            }
            return [(template.topic(device: device, channel: "all"), json.bytes)]
        case .number:
            return values.indices.filter { !values[$0].isNaN }.map { c in
                (
                    template.topic(device: device, channel: channels[c]),
                    Array(values[c].description.utf8)
                )
            }
        }
    }
}
