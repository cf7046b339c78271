import Testing

@testable import TocsinEvaluation

struct PixelColumnsTests {
    @Test func `a column keeps its lowest and its highest value, in the order of the curve`() {
        let columns = PixelColumns(
            positions: [0, 0, 0, 0, 1, 1, 2],
            values: [2, 9, 1, 3, 5, 4, 7]
        )
        #expect(columns.runs.count == 1)
        #expect(columns.runs[0].map(\.x) == [0, 1, 2])
        #expect(columns.runs[0].map(\.values) == [[1, 9], [5, 4], [7]])
    }

    @Test func `a long series becomes short, and no peak is lost`() {
        let rows = 30_000
        var values = Array(repeating: 0.5, count: rows)
        values[12_345] = 40
        let columns = PixelColumns(
            positions: (0..<rows).map { $0 * 900 / rows },
            values: values
        )
        let points = columns.runs.flatMap { $0 }.flatMap(\.values)
        #expect(points.count == 901)
        #expect(points.max() == 40)
    }

    @Test func `the curve breaks where rows have no score, but not within a column`() {
        let columns = PixelColumns(
            positions: [0, 0, 0, 1, 2, 3],
            values: [1, .nan, 2, .nan, 3, 4]
        )
        #expect(columns.runs.map { $0.map(\.x) } == [[0], [2, 3]])
        #expect(columns.runs[0][0].values == [1, 2])
        #expect(PixelColumns(positions: [0, 1], values: [.nan, .nan]).runs.isEmpty)
    }

    @Test func `where time runs back a new stretch begins`() {
        let columns = PixelColumns(positions: [0, 5, 3, 4], values: [1, 2, 3, 4])
        #expect(columns.runs.map { $0.map(\.x) } == [[0, 5], [3, 4]])
    }
}
