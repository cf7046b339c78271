import Testing

@testable import TocsinCore

struct TopicTemplateTests {
    private func names(_ template: String, _ topic: String) throws -> [String]? {
        let bytes = topic.bytes
        guard let match = try TopicTemplate(template).match(bytes.span) else { return nil }
        return [match.device, match.channel].map { String(decoding: bytes[$0], as: UTF8.self) }
    }

    @Test(arguments: [
        ("sensors/{device}/{channel}", "sensors/p1/flow", ["p1", "flow"]),
        ("sensors/{device}", "sensors/p1", ["p1", ""]),
        ("{channel}/of/{device}", "flow/of/p1", ["p1", "flow"]),
        ("{device}", "p 1", ["p 1", ""]),
        ("a/+/{device}", "a/any/p1", ["p1", ""]),
        ("a/+/{device}", "a//p1", ["p1", ""]),
        ("a/{device}/#", "a/p1/b/c", ["p1", ""]),
        ("a/{device}/#", "a/p1/", ["p1", ""]),
        ("a/{device}/#", "a/p1", ["p1", ""]),
        ("é/{device}", "é/ß", ["ß", ""]),
        ("a/\u{301}/{device}", "a/\u{301}/p1", ["p1", ""]),
    ])
    func `device and channel are found at their levels`(
        template: String,
        topic: String,
        expected: [String]
    ) throws {
        #expect(try names(template, topic) == expected)
    }

    @Test(arguments: [
        ("sensors/{device}/{channel}", "sensors/p1"), ("sensors/{device}", "sensors/p1/flow"),
        ("sensors/{device}", "sensors/"), ("sensors/{device}", "sensors"),
        ("sensors/{device}", "sensor/p1"), ("sensors/{device}", "/sensors/p1"),
        ("sensors/{device}", "sensors/p1/"), ("sensors/{device}/{channel}", "sensors//flow"),
        ("sensors/{device}/{channel}", "sensors/p1/"), ("sensors/{device}", ""),
        ("a/{device}/#", "a"), ("a/{device}/#", "a//b"), ("a/+/{device}", "a/p1"),
    ])
    func `other topics are not ours`(template: String, topic: String) throws {
        #expect(try names(template, topic) == nil)
    }

    @Test(arguments: [
        ("", TopicTemplateError.emptyLevel), ("/{device}", .emptyLevel),
        ("{device}/", .emptyLevel), ("a//{device}", .emptyLevel), ("a/#/{device}", .hashNotLast),
        ("a/b", .deviceNotOnce), ("{device}/{device}", .deviceNotOnce),
        ("{device}/{channel}/{channel}", .channelTwice),
        ("a/x{device}", .partialLevel(level: "x{device}", mark: "{")),
        ("{device}/b+", .partialLevel(level: "b+", mark: "+")),
        ("{device}/b#", .partialLevel(level: "b#", mark: "#")),
        ("{device}/{name}", .partialLevel(level: "{name}", mark: "{")),
        ("{device}/+\u{301}", .partialLevel(level: "+\u{301}", mark: "+")),
        ("{device}/#\u{301}", .partialLevel(level: "#\u{301}", mark: "#")),
        ("{device}/a\0", .unreadable), ("{device}/a\u{85}", .unreadable),
        ("{device}/\(String(repeating: "x", count: 65_536))", .unreadable),
    ])
    func `a template that cannot be meant is refused`(text: String, error: TopicTemplateError) {
        #expect(throws: error) { try TopicTemplate(text) }
        #expect(!error.description.isEmpty)
    }

    @Test func `what is subscribed to has wildcards for names`() throws {
        let template = try TopicTemplate("a/{device}/+/{channel}/#")
        #expect(template.filter == "a/+/+/+/#")
        #expect(template.namesChannel)
        #expect(!(try TopicTemplate("a/{device}").namesChannel))
    }

    @Test(arguments: ["s/{device}/{channel}", "{device}/#", "+/{device}"])
    func `a topic made from a template matches it`(text: String) throws {
        let template = try TopicTemplate(text)
        let topic = template.topic(device: "p1", channel: "flow").bytes
        let found = template.match(topic.span)
        let match = try #require(found)
        #expect(String(decoding: topic[match.device], as: UTF8.self) == "p1")
    }
}
