import Testing

@testable import TocsinCore

struct ReadableNameTests {
    @Test(arguments: ["pump-1", "Pumpe 7", "ポンプ", "é", "e\u{301}", "a.b:c", "👩‍🔧", ""])
    func `names of people are readable`(text: String) {
        #expect(text.isReadable)
        #expect(text.readable == text)
    }

    @Test(arguments: [
        "\0", "\n", "\u{1B}", "\u{7F}", "\u{85}", "\u{9B}", "\u{2028}", "\u{202E}", "\u{2066}",
        "\u{FEFF}", "\u{FFFE}", "\u{FFFF}", "\u{1FFFE}", "\u{10FFFF}",
    ])
    func `what commands a terminal or is no character is not`(text: String) {
        #expect(!"a\(text)b".isReadable)
        #expect("a\(text)b".readable == "a\u{FFFD}b")
    }

    @Test(arguments: [0xFDD0, 0xFDEF, 0x2FFFF] as [UInt32])
    func `nor is what a literal cannot hold`(value: UInt32) throws {
        #expect(try !#require(Unicode.Scalar(value)).isReadable)
    }

    @Test(arguments: ["tocsin", "a/b", "über", "x$"])
    func `topics begin with whole levels`(text: String) {
        #expect(text.isTopicPrefix)
    }

    @Test(arguments: [
        "", "/a", "a/", "a/#", "a+", "+\u{301}", "$SYS", "a\nb", "a\u{85}", "/\u{301}a",
        String(repeating: "x", count: 1025),
    ])
    func `and with nothing else`(text: String) {
        #expect(!text.isTopicPrefix)
    }
}
