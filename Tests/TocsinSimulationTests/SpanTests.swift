import Testing
import TocsinSimulation

struct SpanTests {
    @Test(arguments: [
        ("90s", 90_000_000), ("45m", 2_700_000_000), ("2d3h", 183_600_000_000), ("0s", 0),
        ("1m500ms", 60_500_000), ("7us", 7),
    ])
    func `a span is read in its units`(text: String, microseconds: Int64) {
        #expect(Duration(span: text) == .microseconds(microseconds))
    }

    @Test(arguments: [
        "", "5", "h", "3h2d", "1h1h", "1.5h", "-1h", "1h ", "99999999999999999999s", "40000d",
        "1x",
    ])
    func `what is no span is refused`(text: String) {
        #expect(Duration(span: text) == nil)
    }

    @Test(arguments: [0, 1, 999, 90_000_000, 183_600_000_000, 86_400_000_001])
    func `a span survives being written and read`(microseconds: Int64) {
        let span = Duration.microseconds(microseconds)
        #expect(Duration(span: span.spanText) == span)
    }
}
