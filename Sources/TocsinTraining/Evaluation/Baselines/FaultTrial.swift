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

    /// How many frames a trial takes.
    static func frames(warmUp: Int) -> Int { lead(warmUp) + healthyFrames + faultyFrames }

    private static func lead(_ warmUp: Int) -> Int { max(64, warmUp) }

    /// Trials on stretches drawn from recordings, the kinds of fault in turn; empty if none is long
    /// enough.
    ///
    /// An eighth of the scored channels and one more are faulty, together: a fault is rarely seen by one
    /// sensor of many.
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
            let fault = length - faultyFrames..<length
            // Around the end and on from the beginning, so that it is another time than the fault's.
            let places = sequence.count - faultyFrames
            let away = faultyFrames + random.index(below: places - 2 * faultyFrames)
            let other = (start + fault.lowerBound + away) % places
            var channels = scored
            for k in 0...scored.count / 8 {
                channels.swapAt(k, k + random.index(below: scored.count - k))
            }
            InjectedFault.allCases[i % InjectedFault.allCases.count].inject(
                into: &values,
                frames: fault,
                channels: Array(channels[...(scored.count / 8)]),
                spreads: spreads,
                other: sequence.slice(other..<other + faultyFrames).values,
                random: &random
            )
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
