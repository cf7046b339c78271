import Testing

@testable import TocsinCore

struct TopicTableTests {
    private static let levels = ["a", "b", "é", "sensors", "a-long-level-of-24-bytes"]

    /// A template whose levels are likely to be those of a random topic.
    private func template(_ random: inout SeededGenerator) throws -> TopicTemplate {
        let count = random.integer(in: 1..<6)
        let device = random.integer(in: 0..<count)
        let channel = random.integer(in: 0..<8)
        var parts = (0..<count).map { level in
            if level == device { return "{device}" }
            if level == channel { return "{channel}" }
            return random.uniform() < 0.3 ? "+" : Self.levels[random.integer(in: 0..<5)]
        }
        if random.uniform() < 0.3 { parts.append("#") }
        return try TopicTemplate(parts.joined(separator: "/"))
    }

    @Test func `all templates at once say what they say one after the other`() throws {
        var random = SeededGenerator(seed: 3)
        var found = 0
        for _ in 0..<200 {
            let count = random.integer(in: 0..<40)
            let templates = try (0..<count).map { _ in try template(&random) }
            let table = TopicTable(templates)
            for _ in 0..<100 {
                let parts = (0..<random.integer(in: 1..<7)).map { _ in
                    random.uniform() < 0.1 ? "" : Self.levels[random.integer(in: 0..<5)]
                }
                let topic = parts.joined(separator: "/").bytes
                let (one, other) = (table.find(topic.span), table.findInTurn(topic.span))
                #expect(one?.template == other?.template)
                #expect(one?.match == other?.match)
                if one != nil { found += 1 }
            }
        }
        #expect(found > 2000 && found < 18_000)
    }

    @Test func `topics and templates of many levels are matched as well`() throws {
        let deep = "a/" + String(repeating: "b/", count: 20)
        let templates = ["{device}/b/#", "a/{device}/+/b", deep + "{device}"]
        for count in 1...3 {
            let table = TopicTable(try templates.prefix(count).map { try TopicTemplate($0) })
            for topic in [deep + "p1", deep + "p1/x", "a/b/b/b", "b/" + deep, "/b", "", "/"] {
                let bytes = topic.bytes
                let (one, other) = (table.find(bytes.span), table.findInTurn(bytes.span))
                #expect(one?.template == other?.template)
                #expect(one?.match == other?.match)
            }
        }
    }

    @Test(arguments: [1, 2, 7, 8, 9, 15, 16, 17, 40])
    func `a literal level is the whole level`(length: Int) throws {
        let name = String(repeating: "x", count: length)
        let table = TopicTable([try TopicTemplate(name + "/{device}")])
        for (topic, isOurs) in [
            (name + "/d", true), (name + "x/d", false), (String(name.dropLast()) + "/d", false),
            (String(name.dropLast()) + "y/d", false),
            ("y" + String(name.dropFirst()) + "/d", false),
        ] {
            #expect((table.find(topic.bytes.span) != nil) == isOurs, "\(topic)")
        }
    }
}
