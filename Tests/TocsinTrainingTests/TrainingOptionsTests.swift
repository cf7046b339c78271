import Testing
import TocsinTraining

struct TrainingOptionsTests {
    @Test func `the learning rate falls along a half cosine to a twentieth`() {
        let options = TrainingOptions()
        let rates = [0, 199, 200, 399].map { options.learningRate(at: $0) }
        #expect(rates[0] == 3e-3)
        // The middle, 199.5, is the mean of the ends.
        #expect(abs((rates[1] + rates[2]) / 2 - 3e-3 * 0.525) < 1e-9)
        #expect(abs(rates[3] - 1.5e-4) < 1e-12)
    }
}
