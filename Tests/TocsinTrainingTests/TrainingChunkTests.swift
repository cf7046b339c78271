import Testing
import TocsinCore

@testable import TocsinTraining

struct TrainingChunkTests {
    @Test func `a fifth of the inputs is masked, and no target`() {
        let ones = [Float](repeating: 1, count: 10_000)
        var chunk = TrainingChunk(steps: 9, inputs: ones, frames: ones, weights: ones)
        var generator = SeededGenerator(seed: 1)
        chunk.mask(share: 0.2, &generator)
        let masked = chunk.inputs.count { $0 == 0 }
        // Four standard deviations, √(10,000 × 0.2 × 0.8) each.
        #expect((1840...2160).contains(masked))
        #expect(chunk.frames == ones && chunk.weights == ones)
    }
}
