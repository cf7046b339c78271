import Testing

@testable import TocsinCore

extension FrameAssembler {
    fileprivate func save(to writer: inout StateWriter) {
        var copy = self
        copy.change { $0.save(to: &writer) }
    }

    fileprivate mutating func restore(from reader: inout StateReader) throws {
        try change { try $0.restore(from: &reader) }
    }
}

struct FrameAssemblerTests {
    /// Samples in, frames out, as a fleet does it: complete frames leave at once.
    private struct Line {
        var assembler: FrameAssembler
        var frames: [Frame] = []
        var placements: [FrameAssembler.Placement] = []
        private let channels: Int

        init(clock: FrameClock, lateness: Duration = .zero, channels: Int = 2) {
            assembler = FrameAssembler(clock: clock, lateness: lateness, channels: channels)
            self.channels = channels
        }

        mutating func take(_ sample: Sample) {
            var placement = assembler.place(sample)
            while placement == .full {
                remove()
                placement = assembler.place(sample)
            }
            placements.append(placement)
            while assembler.hasCompleteFrame { remove() }
        }

        mutating func take(_ channel: Int, _ seconds: Double, _ value: Double) {
            take(Sample(device: 0, channel: channel, time: .at(seconds), value: value))
        }

        mutating func flush() {
            while assembler.hasOpenFrame { remove() }
        }

        private mutating func remove() {
            var frame = Frame(channels: channels)
            assembler.removeOldest(into: &frame)
            frames.append(frame)
        }

        /// The assembler's whole content.
        var saved: [UInt8] {
            var writer = StateWriter()
            assembler.save(to: &writer)
            return writer.bytes
        }

        /// Seconds and values, missing ones as `-`, fresh ones with `!`, invalid ones with `?`.
        var text: [String] {
            frames.map { frame in
                let time = (frame.time - .at(0)).inSeconds
                let values = frame.values.indices.map { c in
                    (frame.values[c].isNaN ? "-" : frame.values[c].readable)
                        + (frame.isFresh[c] ? "!" : "") + (frame.isInvalid[c] ? "?" : "")
                }
                return "\(time.readable) \(values.joined(separator: " "))"
            }
        }
    }

    private static let clock = FrameClock(
        period: .seconds(1),
        maxGap: .seconds(10),
        holdLimit: .seconds(2)
    )

    @Test func `a frame leaves as soon as all its channels have arrived`() {
        var line = Line(clock: Self.clock, lateness: .seconds(60))
        line.take(0, 0, 1)
        #expect(line.text == [])
        line.take(1, 0, 2)
        #expect(line.text == ["0 1! 2!"])
        line.take(1, 1, 3)
        line.take(0, 1, 4)
        #expect(line.text == ["0 1! 2!", "1 4! 3!"])
    }

    @Test func `the first sample lays the grid, and jitter does not move it`() {
        var line = Line(clock: Self.clock)
        for i in 0..<50 {
            let jitter = 0.45 * Double(i % 3 - 1) * (i == 0 ? 0 : 1)
            line.take(0, 0.25 + Double(i) + jitter, Double(i))
            line.take(1, 0.25 + Double(i) + jitter, Double(i))
        }
        #expect(line.frames.count == 50)
        for (i, frame) in line.frames.enumerated() {
            #expect(frame.time == .at(0.25 + Double(i)))
            #expect(frame.values == [Double(i), Double(i)])
        }
    }

    @Test func `an incomplete frame leaves when the tolerance is over, not before`() {
        var line = Line(clock: Self.clock, lateness: .milliseconds(1500))
        line.take(0, 0, 1)
        line.take(0, 1, 2)
        // The frame of 0 ends at 0.5 and waits until 2.
        line.take(0, 1.99 - 0.5, 9)
        #expect(line.text == [])
        line.take(0, 2, 3)
        #expect(line.text == ["0 1! -"])
        line.flush()
        #expect(line.text == ["0 1! -", "1 2! -", "2 3! -"])
    }

    @Test func `a late sample within the tolerance stands in its frame`() {
        var line = Line(clock: Self.clock, lateness: .seconds(3))
        line.take(0, 0, 1)
        line.take(0, 2, 3)
        line.take(0, 1, 2)
        line.take(1, 1, 7)
        line.take(1, 0, 6)
        line.take(1, 2, 8)
        #expect(line.text == ["0 1! 6!", "1 2! 7!", "2 3! 8!"])
        line.take(0, 0, 99)
        #expect(line.placements.last == .late)
        #expect(line.frames.count == 3)
    }

    @Test func `the second sample of a channel in one period changes nothing`() {
        var line = Line(clock: Self.clock, lateness: .zero)
        line.take(0, 0, 1)
        line.take(0, 0, 2)
        // Newer, but still nearest to tick 0: the device sends more often than the period.
        line.take(0, 0.25, 3)
        line.take(0, 0.125, 4)
        #expect(line.placements == [.placed, .duplicate, .surplus, .duplicate])
        #expect(line.assembler.latest?.description == "2026-01-01T00:00:00.250Z")
        line.take(1, 0.25, 5)
        #expect(line.text == ["0 1! 5!"])
        line.take(0, 0.375, 6)
        line.take(0, 0.375, 7)
        #expect(line.placements.suffix(2) == [.surplus, .late])
    }

    @Test func `a value is held up to the limit, then missing`() {
        var line = Line(clock: Self.clock)
        line.take(0, 0, 1)
        line.take(1, 0, 5)
        for i in 1...4 { line.take(0, Double(i), 1) }
        line.flush()
        #expect(line.text == ["0 1! 5!", "1 1! 5", "2 1! 5", "3 1! -", "4 1! -"])
    }

    @Test func `the policy missing holds nothing`() {
        var clock = Self.clock
        clock.fill = .missing
        var line = Line(clock: clock)
        line.take(0, 0, 1)
        line.take(1, 0, 5)
        line.take(0, 1, 1)
        line.flush()
        #expect(line.text == ["0 1! 5!", "1 1! -"])
    }

    @Test func `a sample that says no value completes the frame, and is invalid, not fresh`() {
        var line = Line(clock: Self.clock, lateness: .seconds(60))
        line.take(0, 0, 1)
        line.take(1, 0, 5)
        line.take(0, 1, .nan)
        line.take(1, 1, 6)
        #expect(line.text == ["0 1! 5!", "1 1? 6!"])
    }

    @Test func `a short gap is stepped through with empty frames`() {
        var line = Line(clock: Self.clock)
        line.take(0, 0, 1)
        line.take(1, 0, 5)
        line.take(0, 4, 2)
        line.take(1, 4, 6)
        #expect(line.text == ["0 1! 5!", "1 - -", "2 - -", "3 - -", "4 2! 6!"])
        #expect(line.frames[1].isEmpty && !line.frames[4].isEmpty)
    }

    @Test func `a gap longer than allowed changes nothing but says so`() {
        var line = Line(clock: Self.clock)
        line.take(0, 0, 1)
        line.take(0, 10, 2)
        #expect(line.placements == [.placed, .placed])
        let before = line.saved
        line.take(0, 20.000_001, 3)
        #expect(line.placements.last == .gap)
        #expect(line.saved == before)
        line.assembler.reset()
        #expect(line.saved == Line(clock: Self.clock).saved)
        line.take(0, 20.000_001, 3)
        line.flush()
        #expect(line.frames.last?.time == .at(20.000_001))
    }

    @Test func `a full window does not take a sample before an older frame has left`() {
        var assembler = FrameAssembler(clock: Self.clock, lateness: .seconds(1), channels: 1)
        // One second of tolerance at one frame a second: 3 slots.
        for i in 0..<3 {
            let sample = Sample(device: 0, channel: 0, time: .at(Double(i)), value: Double(i))
            #expect(assembler.place(sample) == .placed)
        }
        let fourth = Sample(device: 0, channel: 0, time: .at(3), value: 3)
        #expect(assembler.place(fourth) == .full)
        var frame = Frame(channels: 1)
        assembler.removeOldest(into: &frame)
        #expect(frame.values == [0])
        #expect(assembler.place(fourth) == .placed)
    }

    @Test func `a retained sample fills, but is never fresh and lays no grid`() {
        var line = Line(clock: Self.clock)
        let old = Sample(device: 0, channel: 1, time: .at(-1), value: 7, isRetained: true)
        line.take(old)
        #expect(line.assembler.latest == nil)
        #expect(!line.assembler.hasOpenFrame)
        line.take(0, 0.5, 1)
        line.flush()
        #expect(line.text == ["0.5 1! 7"])
    }

    @Test func `a fresh value replaces a retained one that claims to be newer`() {
        var line = Line(clock: Self.clock)
        line.take(Sample(device: 0, channel: 1, time: .at(100), value: 7, isRetained: true))
        line.take(0, 0, 1)
        line.take(1, 0, 8)
        line.take(0, 1, 2)
        line.flush()
        #expect(line.text == ["0 1! 8!", "1 2! 8"])
    }

    @Test func `shuffling within the tolerance gives the same frames`() {
        for seed in 0..<40 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            var samples: [Sample] = []
            for i in 0..<200 {
                for c in 0..<3 where i == 0 || random.uniform() < 0.8 {
                    let jitter = i == 0 ? 0 : random.number(in: -0.3...0.3)
                    samples.append(
                        Sample(
                            device: 0,
                            channel: c,
                            time: .at(Double(i) + jitter),
                            value: random.uniform() < 0.05 ? .nan : Double(samples.count)
                        )
                    )
                }
            }
            samples.sort { $0.time < $1.time }
            // Each sample comes up to 2.5 seconds after its time, the first one first: it lays the
            // grid.
            let arrivals = samples.indices.map { i in
                i == 0 ? 0 : (samples[i].time - .at(0)).inSeconds + random.number(in: 0...2.5)
            }
            let order = samples.indices.sorted { (arrivals[$0], $0) < (arrivals[$1], $1) }
            var sorted = Line(clock: Self.clock, lateness: .milliseconds(2500), channels: 3)
            var shuffled = sorted
            for sample in samples { sorted.take(sample) }
            for i in order { shuffled.take(samples[i]) }
            sorted.flush()
            shuffled.flush()
            #expect(order != Array(samples.indices))
            #expect(sorted.text == shuffled.text)
            #expect(shuffled.placements.allSatisfy { $0 == .placed })
        }
    }

    @Test func `a saved assembler goes on in the middle of a frame`() throws {
        var random = SeededGenerator(seed: 2)
        var line = Line(clock: Self.clock, lateness: .seconds(2), channels: 3)
        for i in 0..<300 {
            var writer = StateWriter()
            line.assembler.save(to: &writer)
            var restored = FrameAssembler(clock: Self.clock, lateness: .seconds(2), channels: 3)
            var reader = StateReader(writer.bytes[...])
            try restored.restore(from: &reader)
            var again = StateWriter()
            restored.save(to: &again)
            #expect(again.bytes == writer.bytes)
            var other = line
            other.assembler = restored
            let sample = Sample(
                device: 0,
                channel: random.integer(in: 0..<3),
                time: .at(Double(i) / 3),
                value: random.normal()
            )
            line.take(sample)
            other.take(sample)
            #expect(line.text == other.text)
        }
        #expect(line.frames.count > 90)
    }

    @Test func `a saved assembler of another window is refused`() {
        var writer = StateWriter()
        FrameAssembler(clock: Self.clock, lateness: .zero, channels: 2).save(to: &writer)
        var other = FrameAssembler(clock: Self.clock, lateness: .seconds(9), channels: 2)
        var reader = StateReader(writer.bytes[...])
        #expect(throws: StateError.self) { try other.restore(from: &reader) }
    }
}
