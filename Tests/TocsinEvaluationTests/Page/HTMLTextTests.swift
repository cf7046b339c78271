import Testing

@testable import TocsinEvaluation

struct HTMLTextTests {
    @Test func `a name from outside is text on a page, whatever it holds`() {
        #expect(
            "<script>alert('x')</script> & \"more\"".escapedForHTML
                == "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;more&quot;"
        )
        #expect("pumpe-größe ✓ µ".escapedForHTML == "pumpe-größe ✓ µ")
    }

    @Test func `what a page may not hold is replaced`() {
        #expect("a\u{0}b\u{1B}[2Jc\u{7F}".escapedForHTML == "a\u{FFFD}b\u{FFFD}[2Jc\u{FFFD}")
    }

    @Test func `cells and headings of a table are escaped, and names stand left`() {
        var table = FigureTable(title: "a < b", headings: ["<SET>", "N"], names: 1)
        table.rows = [["<i>", "1"]]
        #expect(table.titledHTML.contains("<h2>a &lt; b</h2>"))
        #expect(table.html.contains("<th class=\"name\">&lt;SET&gt;</th><th>N</th>"))
        #expect(table.html.contains("<td class=\"name\">&lt;i&gt;</td><td>1</td>"))
        #expect(table.text == "<SET>  N\n<i>    1")
    }
}
