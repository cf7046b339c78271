import Testing

import TocsinNN

struct LossSumsTests {
    @Test func `the mean is that of each head, added`() {
        var sums = LossSums()
        #expect(sums.mean == 0)
        var chunk = LossSums()
        chunk.forecastError = 6
        chunk.forecastWeight = 3
        sums += chunk
        #expect(sums.mean == 2)
        chunk.reconstructError = 1
        chunk.reconstructWeight = 2
        sums += chunk
        #expect(sums.mean == 2.5)
    }
}
