import Testing

@testable import TocsinCore

@testable import TocsinEvaluation

struct ContaminationTests {
    private func rows(_ count: Int, channels: Int) -> [CSVReader.Row] {
        var random = SeededGenerator(seed: 1)
        return (0..<count).map { t in
            CSVReader.Row(
                line: t,
                time: Timestamp(microseconds: Int64(t) * 1_000_000),
                device: "",
                values: (0..<channels).map { _ in random.normal() },
                label: nil
            )
        }
    }

    @Test(arguments: [1, 8]) func `the wanted share of the rows is spoiled, and no more`(
        channels: Int
    ) {
        let clean = rows(5000, channels: channels)
        let spoiled = Contamination(share: 0.05, seed: 3).spoil(clean)
        let changed = zip(clean, spoiled).count { $0.0.values != $0.1.values }
        #expect((150...370).contains(changed), "\(changed) of 5000 rows")
        #expect(zip(clean, spoiled).allSatisfy { $0.0.time == $0.1.time })
    }

    @Test func `the same seed spoils the same rows`() {
        let clean = rows(2000, channels: 4)
        let one = Contamination(share: 0.1, seed: 1).spoil(clean).map(\.values)
        #expect(one == Contamination(share: 0.1, seed: 1).spoil(clean).map(\.values))
        #expect(one != Contamination(share: 0.1, seed: 2).spoil(clean).map(\.values))
    }
}
