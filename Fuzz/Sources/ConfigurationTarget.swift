@testable import TocsinCore
@testable import TocsinDaemon
import TocsinFiles
@testable import TocsinMQTT

/// The text of a configuration file.
func fuzzConfiguration(_ bytes: [UInt8]) {
    _ = try? YAML.read(String(decoding: bytes, as: UTF8.self))
    guard let text = String(validating: bytes, as: UTF8.self) else { return }
    let configuration: Configuration
    do {
        configuration = try Configuration(text: text, file: "tocsin.yaml")
    } catch {
        check(!error.description.isEmpty, "refused without a word")
        check(error.description.isReadable, "an unreadable word in \(error.description)")
        return
    }
    check(!configuration.streams.isEmpty, "nothing to read")
    for stream in configuration.streams {
        guard let template = try? TopicTemplate(stream.topic) else { fatalError("\(stream.topic)") }
        check(template.filter.isSubscribable, "\(template.filter.debugDescription) is no filter")
    }
    let prefix = configuration.output.prefix
    check("\(prefix)/status".isPublishable, "nothing can be published under \(prefix)")
    check(BrokerAddress(configuration.broker.address) != nil, "no address")
    for text in [configuration.broker.username, configuration.broker.passwordFile]
        + configuration.models.map(\.file)
    {
        check(!text.utf8.contains(0), "a NUL in what C is given")
    }
}
