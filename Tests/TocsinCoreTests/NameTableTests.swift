import Testing

@testable import TocsinCore

struct NameTableTests {
    @Test func `names get their numbers in the order in which they came`() {
        var table = NameTable(["b", "a", "b"])
        #expect(table.names == ["b", "a"])
        #expect(table.insert("") == 2)
        #expect(table.insert("a") == 1)
        #expect(table.find("") == 2)
        #expect(table.find("c") == nil)
        #expect(NameTable().find("") == nil)
    }

    @Test func `thousands of names are found again, and nothing else is`() {
        var table = NameTable()
        for i in 0..<5000 { #expect(table.insert("device-\(i)") == i) }
        for i in 0..<5000 {
            #expect(table.find("device-\(i)") == i)
            #expect(table.find("device-\(i)x") == nil)
        }
        #expect(table.count == 5000)
    }

    @Test func `names are told apart by their bytes`() {
        // The same letter, composed and decomposed: equal as String, different as topics.
        var table = NameTable(["\u{E9}"])
        #expect(table.find("e\u{301}") == nil)
        #expect(table.insert("e\u{301}") == 1)
    }
}
