import Testing
import TocsinTestSupport

struct HelpTests {
    static let commands = [
        [], ["run"], ["check"], ["train"], ["score"], ["evaluate"], ["replay"], ["simulate"],
        ["record"], ["status"], ["inspect"], ["model"], ["model", "show"],
    ]

    @Test(arguments: commands)
    func `every command explains itself on standard output`(command: [String]) async throws {
        let outcome = try await BuiltBinary.run(command + ["--help"])
        #expect(outcome.code == 0)
        #expect(outcome.output.contains("USAGE: tocsin"))
        #expect(outcome.output.contains("OVERVIEW: "), "no abstract")
        #expect(outcome.error.isEmpty)
    }
}
