import Testing
import TocsinTestNumbers

@testable import TocsinEvaluation

struct CauseScoreTests {
    @Test func `the share is of as many causes as can be among the first channels`() {
        var score = CauseScore()
        // Two of two causes among the first three; and of five.
        score.add(ranking: ["a", "x", "b", "y", "z"], causes: ["a", "b"], channels: 10)
        #expect(score.share(0) == 1)
        #expect(score.hit(0) == 1)
        // One of four among the first three, of which three could be; two of four among five.
        score.add(ranking: ["x", "a", "y", "b", "z"], causes: ["a", "b", "c", "d"], channels: 10)
        expectClose(
            [score.share(0) ?? 0, score.share(1) ?? 0],
            [(1 + 1.0 / 3) / 2, (1 + 0.5) / 2],
            tolerance: 1e-12
        )
        // None.
        score.add(ranking: [], causes: ["a"], channels: 10)
        expectClose([score.hit(0) ?? 0], [2.0 / 3], tolerance: 1e-12)
        #expect(score.events == 3)
    }

    @Test func `an event that nobody named a cause of does not count`() {
        var score = CauseScore()
        score.add(ranking: ["a"], causes: [], channels: 3)
        #expect(score.events == 0)
        #expect(score.share(0) == nil)
        #expect(score.hitByChance(0) == nil)
    }

    @Test func `chance is what channels drawn by lot would reach`() {
        var score = CauseScore()
        // One cause of ten: found among three drawn with 3/10, among five with 5/10.
        score.add(ranking: [], causes: ["a"], channels: 10)
        expectClose(
            [0, 1].flatMap { [score.shareByChance($0) ?? 0, score.hitByChance($0) ?? 0] },
            [0.3, 0.3, 0.5, 0.5],
            tolerance: 1e-12
        )
        // Where all channels are causes, whoever names any is right.
        var sure = CauseScore()
        sure.add(ranking: ["a"], causes: ["a", "b"], channels: 2)
        expectClose(
            [sure.shareByChance(0) ?? 0, sure.hitByChance(0) ?? 0, sure.share(0) ?? 0],
            [1, 1, 0.5],
            tolerance: 1e-12
        )
    }

    @Test func `scores of two series add up to the score of all their events`() {
        var first = CauseScore()
        first.add(ranking: ["a"], causes: ["a"], channels: 4)
        var second = CauseScore()
        second.add(ranking: ["a"], causes: ["b"], channels: 4)
        var both = first
        both += second
        first.add(ranking: ["a"], causes: ["b"], channels: 4)
        #expect(both == first)
        #expect(both.share(0) == 0.5)
    }
}
