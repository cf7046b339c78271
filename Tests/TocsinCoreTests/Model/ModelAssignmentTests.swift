import Testing

@testable import TocsinCore

struct ModelAssignmentTests {
    @Test(arguments: [
        ("*", "", true), ("*", "anything", true), ("p?", "p1", true), ("p?", "p", false),
        ("p?", "p12", false), ("pump-*", "pump-7", true), ("pump-*", "pump", false),
        ("*-7", "pump-7", true), ("*-7", "pump-77", false), ("*a*b*", "xxaxxbxx", true),
        ("*a*b*", "ba", false), ("a*b*c", "abbbbcbc", true), ("", "", true), ("", "x", false),
        ("**", "x", true), ("?", "é", true), ("?é", "éé", true), ("[a]", "a", false),
        ("a.b", "axb", false), ("*aaaaaaaaab", String(repeating: "a", count: 5000), false),
    ])
    func `a pattern fits as in a shell`(pattern: String, device: String, fits: Bool) throws {
        let rule = ModelAssignment.Rule(device: pattern, model: try .small())
        let found = ModelAssignment([rule]).model(device: device, stream: "s")
        #expect((found != nil) == fits)
    }

    @Test func `the first rule that fits decides`() throws {
        let one = try Model.small(identity: "1")
        let two = try Model.small(identity: "2")
        let three = try Model.small(identity: "3")
        let assignment = ModelAssignment([
            ModelAssignment.Rule(stream: "x", device: "p1", model: one),
            ModelAssignment.Rule(device: "p*", model: two),
            ModelAssignment.Rule(stream: "y", model: three),
        ])
        #expect(assignment.model(device: "p1", stream: "x")?.identity == "1")
        #expect(assignment.model(device: "p1", stream: "y")?.identity == "2")
        #expect(assignment.model(device: "q", stream: "y")?.identity == "3")
        #expect(assignment.model(device: "q", stream: "x") == nil)
    }
}
