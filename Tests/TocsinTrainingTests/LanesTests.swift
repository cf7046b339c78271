import Testing
import TocsinCore

@testable import TocsinTraining

struct LanesTests {
    /// One channel whose features are 1, 2, 3, …, all present but every fifth.
    private func segment(_ frames: Int) -> TrainingSegment {
        TrainingSegment(
            channels: 1,
            features: (0..<frames).map { $0 % 5 == 4 ? 0 : Float($0 + 1) },
            present: (0..<frames).map { $0 % 5 != 4 }
        )
    }

    private func groups(_ frames: [Int], seed: UInt64 = 1) -> [[Lane]] {
        var generator = SeededGenerator(seed: seed)
        return Lanes(segments: frames.map(segment), channelWeights: [1])
            .groups(count: 32, minimum: 64, offset: 32, &generator)
    }

    @Test func `long data make 32 lanes that cover it once, but for the offset`() {
        let lanes = groups([10_000])
        #expect(lanes.map(\.count) == [32])
        let ordered = lanes[0].sorted { $0.start < $1.start }
        #expect(ordered[0].start < 32)
        for (one, next) in zip(ordered, ordered.dropFirst()) {
            // A lane's last frame is only a target, so the next lane begins with it.
            #expect(one.start + one.frames == next.start + 1)
        }
        #expect(ordered.last.map { $0.start + $0.frames } == 10_000)
    }

    @Test func `short data make fewer lanes of at least 64 frames`() {
        for seed in 1...20 as ClosedRange<UInt64> {
            let lanes = groups([500], seed: seed).flatMap { $0 }
            #expect((6...8).contains(lanes.count))
            #expect(lanes.allSatisfy { $0.frames >= 64 })
        }
    }

    @Test func `segments shorter than a lane are lanes, and a single frame is none`() {
        let lanes = groups([1, 2, 40, 0])[0]
        #expect(
            lanes == [
                Lane(segment: 2, start: 0, frames: 40), Lane(segment: 1, start: 0, frames: 2),
            ]
        )
    }

    @Test func `many segments make several groups of similar lengths`() {
        let lanes = groups((0..<70).map { 64 + $0 })
        #expect(lanes.map(\.count) == [32, 32, 6])
        let lengths = lanes.flatMap { $0 }.map(\.frames)
        #expect(lengths == lengths.sorted(by: >))
    }

    @Test func `the start moves from epoch to epoch, and follows from the seed`() {
        var generator = SeededGenerator(seed: 1)
        let lanes = Lanes(segments: [segment(10_000)], channelWeights: [1])
        let starts = (0..<10).map { _ in
            lanes.groups(count: 32, minimum: 64, offset: 32, &generator)[0].map(\.start).min()
        }
        #expect(Set(starts).count > 3)
        #expect(groups([10_000], seed: 7) == groups([10_000], seed: 7))
    }

    @Test func `a chunk is laid out step by step, and what is missing or over counts nothing`() {
        let lanes = Lanes(segments: [segment(7), segment(4)], channelWeights: [0.5])
        let group = [
            Lane(segment: 0, start: 1, frames: 6), Lane(segment: 1, start: 0, frames: 4),
        ]
        let chunk = lanes.chunk(group, from: 2, steps: 10)
        #expect(
            chunk
                == TrainingChunk(
                    steps: 3,
                    inputs: [4, 3, 0, 4, 6, 0],
                    frames: [4, 3, 0, 4, 6, 0, 7, 0],
                    weights: [0.5, 0.5, 0, 0.5, 0.5, 0, 0.5, 0]
                )
        )
        #expect(lanes.chunk(group, from: 5, steps: 10) == nil)
    }
}
