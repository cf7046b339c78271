import TocsinCore
import TocsinNN

/// A stretch of one segment.
struct Lane: Sendable, Equatable {
    let segment: Int
    /// The first frame.
    let start: Int
    /// The number of frames; the last of them is only a target.
    let frames: Int
}

/// How segments are cut into lanes, and lanes into chunks.
struct Lanes: Sendable {
    let segments: [TrainingSegment]
    /// What each channel counts, `[channels]`.
    let channelWeights: [Float]

    /// Cuts every segment into lanes of about equal length, in groups of up to `count` lanes.
    ///
    /// There are about `count` lanes in all, but none shorter than `minimum` frames unless its
    /// segment is. Each segment starts at a random offset below `offset`, where it is long enough,
    /// so that the same frames do not begin a lane, nor a chunk, in every epoch. Lanes of similar
    /// length share a group.
    func groups(
        count: Int,
        minimum: Int,
        offset: Int,
        _ generator: inout SeededGenerator
    ) -> [[Lane]] {
        let total = segments.reduce(0) { $0 + $1.frames }
        let length = max(minimum, (total + count - 1) / count)
        var lanes: [Lane] = []
        for (index, segment) in segments.enumerated() where segment.frames >= 2 {
            let room = max(0, segment.frames - minimum)
            let first = Int(generator.uniform() * Double(min(offset, room + 1)))
            let frames = segment.frames - first
            let wanted = (Double(segment.frames) / Double(length)).rounded()
            let pieces = max(1, min(count, Int(wanted), frames / minimum))
            for piece in 0..<pieces {
                let start = first + frames * piece / pieces
                // One frame more, as the last one's target.
                let end = min(first + frames * (piece + 1) / pieces + 1, segment.frames)
                lanes.append(Lane(segment: index, start: start, frames: end - start))
            }
        }
        // Equal lengths keep their order, so that the same seed gives the same groups.
        let sorted = lanes.enumerated().sorted {
            ($1.element.frames, $0.offset) < ($0.element.frames, $1.offset)
        }
        let ordered = sorted.map(\.element)
        return stride(from: 0, to: ordered.count, by: count).map {
            Array(ordered[$0..<min($0 + count, ordered.count)])
        }
    }

    /// Every segment whole, in groups of up to `count` lanes, longest first.
    func whole(count: Int) -> [[Lane]] {
        let lanes = segments.enumerated().compactMap { index, segment in
            segment.frames >= 2 ? Lane(segment: index, start: 0, frames: segment.frames) : nil
        }
        let sorted = lanes.sorted { ($1.frames, $0.segment) < ($0.frames, $1.segment) }
        return stride(from: 0, to: sorted.count, by: count).map {
            Array(sorted[$0..<min($0 + count, sorted.count)])
        }
    }

    /// The chunk of a group that begins `first` frames after its lanes do, or `nil` after their
    /// end.
    ///
    /// The last frame of a lane is nobody's input, because nothing follows it; lanes that have
    /// ended count nothing.
    func chunk(_ group: [Lane], from first: Int, steps: Int) -> TrainingChunk? {
        let longest = group.reduce(0) { max($0, $1.frames) } - 1
        let steps = min(steps, longest - first)
        guard steps > 0 else { return nil }
        let channels = channelWeights.count
        let row = group.count * channels
        var frames = [Float](repeating: 0, count: (steps + 1) * row)
        var weights = frames
        for (index, lane) in group.enumerated() {
            let segment = segments[lane.segment]
            for step in 0..<max(0, min(steps + 1, lane.frames - first)) {
                let from = (lane.start + first + step) * channels
                let to = step * row + index * channels
                for channel in 0..<channels {
                    frames[to + channel] = segment.features[from + channel]
                    if segment.present[from + channel] {
                        weights[to + channel] = channelWeights[channel]
                    }
                }
            }
        }
        return TrainingChunk(
            steps: steps,
            inputs: Array(frames[..<(steps * row)]),
            frames: frames,
            weights: weights
        )
    }
}
