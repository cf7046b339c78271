/// Which messages are read, how, and by which model their devices are judged.
public struct Stream: Sendable {
    /// As in the configuration and in status messages.
    public var name: String
    /// Which topics.
    public var template: TopicTemplate
    /// Which payloads.
    public var decoder: any SampleDecoder

    /// A stream.
    public init(name: String, template: TopicTemplate, decoder: any SampleDecoder) {
        self.name = name
        self.template = template
        self.decoder = decoder
    }
}
