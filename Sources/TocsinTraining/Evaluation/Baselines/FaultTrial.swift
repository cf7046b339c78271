import TocsinCore

/// A stretch of held-back frames with a made-up fault at its end.
///
///     64 frames or the warm-up   the detector settles; not judged
///     48 frames                  healthy
///     16 frames                  faulty
///
/// It ends with the fault, because what a score does while it comes down again says nothing about
/// finding.
struct FaultTrial {
    static let healthyFrames = 48
    static let faultyFrames = 16

    /// In each channel's unit, NaN if missing, `[frames, channels]`.
    let values: [Double]
    /// Frames that are not judged.
    let lead: Int

    /// What a detector made of a frame that it is judged by.
    struct JudgedFrame {
        /// NaN for none.
        let score: Double
        let isFaulty: Bool
    }

    /// The frames that a detector is judged by.
    ///
    /// - Parameter scores: of all frames, `[frames]`
    func judged(_ scores: [Double]) -> [JudgedFrame] {
        (lead..<scores.count).map { t in
            JudgedFrame(score: scores[t], isFaulty: t >= scores.count - Self.faultyFrames)
        }
    }

    /// How many frames a trial takes.
    static func frames(warmUp: Int) -> Int { lead(warmUp) + healthyFrames + faultyFrames }

    private static func lead(_ warmUp: Int) -> Int { max(64, warmUp) }

    /// Trials on stretches drawn from recordings, the kinds of fault in turn; empty if none is long
    /// enough.
    ///
    /// Every second fault strikes an eighth of the scored channels and one more, each by its own number of
    /// spreads. The others strike all scored channels by the same multiple of half the way from one frame
    /// of the recording to another, on which the channels keep to each other as they always do.
    static func drawn(
        _ count: Int,
        from recordings: [FrameSequence],
        isScored: [Bool],
        scaler: Scaler,
        warmUp: Int,
        seed: UInt64
    ) -> [FaultTrial] {
        let length = frames(warmUp: warmUp)
        let long = recordings.filter { $0.count >= length }
        let starts = long.map { $0.count - length + 1 }
        let total = starts.reduce(0, +)
        let scored = isScored.indices.filter { isScored[$0] }
        guard total > 0, !scored.isEmpty else { return [] }
        let spreads = scaler.gain.map { 1 / $0 }
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { i in
            var start = random.index(below: total)
            var recording = 0
            while start >= starts[recording] {
                start -= starts[recording]
                recording += 1
            }
            let sequence = long[recording]
            var values = sequence.slice(start..<start + length).values
            let frames = length - faultyFrames..<length
            // Around the end and on from the beginning, so that it is another time than the fault's.
            let places = sequence.count - faultyFrames
            let away = faultyFrames + random.index(below: places - 2 * faultyFrames)
            let place = (start + frames.lowerBound + away) % places
            let other = sequence.slice(place..<place + faultyFrames).values
            let isJoint = i % 2 == 1
            var channels = scored
            if !isJoint {
                for k in 0...scored.count / 8 {
                    channels.swapAt(k, k + random.index(below: scored.count - k))
                }
                channels = Array(channels[...(scored.count / 8)])
            }
            InjectedFault(
                kind: InjectedFault.Kind.allCases[i / 2 % InjectedFault.Kind.allCases.count],
                channels: channels,
                units: isJoint
                    ? spreads.indices.map { c in
                        let way = other[c] - sequence.value(start + frames.lowerBound - 1, c)
                        return way.isNaN ? 0 : way / 2
                    } : spreads,
                isJoint: isJoint
            ).inject(into: &values, frames: frames, other: other, random: &random)
            return FaultTrial(values: values, lead: lead(warmUp))
        }
    }
}

extension SeededGenerator {
    /// A whole number drawn evenly from 0 to `bound` − 1.
    fileprivate mutating func index(below bound: Int) -> Int {
        Int(uniform() * Double(bound))
    }
}
