import Foundation
import Testing
import TocsinTestNumbers
import TocsinCore

@testable import TocsinTraining

struct RankingMeasuresTests {
    /// What the authors' programs made of it; see `Tests/Fixtures/make_vus_fixtures.py`.
    private struct Fixture: Decodable {
        struct Case: Decodable {
            let name: String
            let labels: [Int]
            let scores: [Double]
            let buffer: Int
            let vus_pr: Double
            let average_precision: Double
        }
        let cases: [Case]
    }

    private func labels(_ text: String) -> [Bool] { text.map { $0 == "x" } }

    @Test func `average precision and VUS-PR equal those of scikit-learn and vus`() throws {
        let url = try #require(
            Bundle.module.url(forResource: "vus", withExtension: "json", subdirectory: "Fixtures")
        )
        let fixture = try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: url))
        #expect(fixture.cases.count == 9)
        for known in fixture.cases {
            let isLabelled = known.labels.map { $0 == 1 }
            let precision = AveragePrecision.value(scores: known.scores, isLabelled: isLabelled)
            let volume = VolumeUnderSurface.value(
                scores: known.scores,
                isLabelled: isLabelled,
                buffer: known.buffer
            )
            expectClose(
                [precision ?? .nan, volume ?? .nan],
                [known.average_precision, known.vus_pr],
                tolerance: 1e-12,
                "\(known.name)"
            )
        }
    }

    @Test func `average precision of four rows by hand`() {
        // Taken in the order 0.9 x, 0.8 ., 0.7 x, 0.1 .: 1/2 × 1/1 + 1/2 × 2/3.
        let found = AveragePrecision.value(
            scores: [0.7, 0.9, 0.8, 0.1],
            isLabelled: labels("xx..")
        )
        expectClose([found ?? .nan], [0.5 + 1.0 / 3], tolerance: 1e-12)
    }

    @Test func `rows of equal score are taken together, in whatever order they stand`() {
        // 0.9 x alone, then a step of three with one x: 1/2 × 1 + 1/2 × 2/4.
        for text in ["xx..", "x.x.", "x..x"] {
            let found = AveragePrecision.value(
                scores: [0.9, 0.5, 0.5, 0.5],
                isLabelled: labels(text)
            )
            expectClose([found ?? .nan], [0.75], tolerance: 1e-12)
        }
    }

    @Test(arguments: [0, 1, 2, 9])
    func `a perfect score reaches 1 in both`(buffer: Int) {
        let isLabelled = labels("....xxx.....x...")
        let scores = isLabelled.map { $0 ? 2.0 : 1.0 }
        #expect(AveragePrecision.value(scores: scores, isLabelled: isLabelled) == 1)
        let volume = VolumeUnderSurface.value(
            scores: scores,
            isLabelled: isLabelled,
            buffer: buffer
        )
        expectClose([volume ?? .nan], [1], tolerance: 1e-12)
    }

    @Test func `a constant score reaches the share of labelled rows`() {
        let isLabelled = labels("....xxx.....x...")
        let scores = isLabelled.map { _ in 1.0 }
        #expect(AveragePrecision.value(scores: scores, isLabelled: isLabelled) == 0.25)
        let volume = VolumeUnderSurface.value(scores: scores, isLabelled: isLabelled, buffer: 0)
        #expect(volume == 0.25)
    }

    @Test func `a random score reaches about the share of labelled rows`() {
        var random = SeededGenerator(seed: 1)
        let isLabelled = (0..<20_000).map { $0 % 1000 < 100 }
        let scores = isLabelled.map { _ in random.uniform() }
        let found = AveragePrecision.value(scores: scores, isLabelled: isLabelled)
        let volume = VolumeUnderSurface.value(scores: scores, isLabelled: isLabelled, buffer: 0)
        expectClose([found ?? 0, volume ?? 0], [0.1, 0.1], tolerance: 0.01)
    }

    @Test func `where all rows are labelled every score is perfect, and where none is, none is`() {
        let scores = [3.0, 1, 2]
        let all = [true, true, true]
        #expect(AveragePrecision.value(scores: scores, isLabelled: all) == 1)
        #expect(VolumeUnderSurface.value(scores: scores, isLabelled: all, buffer: 4) == 1)
        let none = [false, false, false]
        #expect(AveragePrecision.value(scores: scores, isLabelled: none) == nil)
        #expect(VolumeUnderSurface.value(scores: scores, isLabelled: none, buffer: 4) == nil)
        #expect(AveragePrecision.value(scores: [], isLabelled: []) == nil)
        #expect(VolumeUnderSurface.value(scores: [], isLabelled: [], buffer: 4) == nil)
    }

    @Test func `a row without a score ranks below every score, even minus a thousand`() {
        let isLabelled = labels("x...")
        let missing = AveragePrecision.value(
            scores: [.nan, -1000, 0, 1],
            isLabelled: isLabelled
        )
        #expect(missing == 0.25)
        // Two without a score are one step: neither is before the other.
        let two = AveragePrecision.value(scores: [.nan, .nan, 0, 1], isLabelled: isLabelled)
        #expect(two == 0.25)
    }

    @Test func `slopes fall as the square root says, and never add up to more than 1`() {
        let found = VolumeUnderSurface.labels([2..<3, 6..<7], rows: 9, buffer: 4)
        // √(1 − 1/4) = 0.866, √(1 − 2/4) = 0.707; row 4 is two away from both events.
        expectClose(
            found,
            [0.7071, 0.8660, 1, 0.8660, 1, 0.8660, 1, 0.8660, 0.7071],
            tolerance: 1e-4
        )
        #expect(VolumeUnderSurface.labels([2..<3], rows: 5, buffer: 1) == [0, 0, 1, 0, 0])
    }

    @Test func `at the size of a real series, the same rows give the same number twice`() {
        var random = SeededGenerator(seed: 2)
        let isLabelled = (0..<30_000).map { $0 % 3000 < 150 }
        let scores = isLabelled.map { random.normal() + ($0 ? 1 : 0) }
        let first = VolumeUnderSurface.value(scores: scores, isLabelled: isLabelled, buffer: 50)
        let second = VolumeUnderSurface.value(scores: scores, isLabelled: isLabelled, buffer: 50)
        #expect(first == second)
        // A guess earns about the share of labelled rows, 0.05.
        #expect((first ?? 0) > 0.15)
    }
}
