import Glibc
@testable import TocsinCore

@testable import TocsinTraining

/// Made-up series of known nature.
enum Series {
    static let start = Timestamp(microseconds: 1_767_225_600_000_000)

    /// Two waves and noise, a row a second: the second channel follows the first.
    static func rows(
        _ frames: Range<Int>,
        device: String = "",
        seed: UInt64 = 1,
        offset: Double = 0
    ) -> [CSVReader.Row] {
        frames.map { t in
            var random = SeededGenerator(seed: seed &* 1_000_003 &+ UInt64(t))
            let wave = sin(Double(t) * 2 * .pi / 25)
            return CSVReader.Row(
                line: t + 2,
                time: start + .seconds(t),
                device: device,
                values: [
                    20 + 3 * wave + 0.3 * random.normal() + offset,
                    5 - wave + 0.1 * random.normal(),
                ],
                label: nil
            )
        }
    }

    static func sequence(_ values: [[Double]], device: String = "") -> FrameSequence {
        var sequence = FrameSequence(device: device, channels: values.first?.count ?? 0)
        for (t, row) in values.enumerated() {
            var frame = Frame(channels: row.count)
            frame.time = start + .seconds(t)
            frame.values = row
            frame.isFresh = row.map { !$0.isNaN }
            sequence.append(frame)
        }
        return sequence
    }
}
