import TocsinCore

extension FaultLimits {
    /// Limits from how long each channel stood still or stayed away while all was well.
    ///
    /// Five times the longest healthy run and a margin of 60 frames, since at three times and 20 there
    /// were 12 false alerts on 54 clean stretches of servers; a channel that stood still or stayed
    /// away for more than a tenth of the time may do so for ever. Three times the largest
    /// healthy change from one frame to the next; none for a channel that never changed.
    init(fitting sequences: [FrameSequence], channels: Int) {
        var still: [Int] = Array(repeating: 0, count: channels)
        var absent = still
        var steps: [Double] = Array(repeating: 0, count: channels)
        var frames = 0
        for sequence in sequences {
            frames += sequence.count
            for c in 0..<channels {
                var last = Double.nan
                var stillRun = 0
                var absentRun = 0
                for t in 0..<sequence.count {
                    let value = sequence.value(t, c)
                    if sequence.isFresh[t * channels + c] {
                        stillRun = value == last ? stillRun + 1 : 0
                        if absentRun == 0, !last.isNaN {
                            steps[c] = max(steps[c], abs(value - last))
                        }
                        absentRun = 0
                        last = value
                    } else {
                        absentRun += 1
                    }
                    still[c] = max(still[c], stillRun)
                    absent[c] = max(absent[c], absentRun)
                }
            }
        }
        func limit(_ longest: Int) -> Int {
            longest > frames / 10 ? 0 : 5 * longest + 60
        }
        self.init(
            still: still.map(limit),
            absent: absent.map(limit),
            steps: steps.map { 3 * $0 },
            usualGap: Self.usualGap(sequences)
        )
    }

    /// The longest time without a sample that happened three times, in seconds.
    ///
    /// A device that sleeps every night is not silent, one that failed once in training is. 0 for a
    /// device that has no such pauses, of more than two of its usual gaps.
    private static func usualGap(_ sequences: [FrameSequence]) -> Double {
        var last: [String: Timestamp] = [:]
        var gaps: [Double] = []
        for sequence in sequences {
            for t in 0..<sequence.count {
                let frame = t * sequence.channels..<(t + 1) * sequence.channels
                guard sequence.isFresh[frame].contains(true) else { continue }
                let time = sequence.times[t]
                if let before = last[sequence.device] { gaps.append((time - before).inSeconds) }
                last[sequence.device] = time
            }
        }
        gaps.sort(by: >)
        guard gaps.count >= 3, gaps[2] > 2 * gaps[gaps.count / 2] else { return 0 }
        return gaps[2]
    }
}
