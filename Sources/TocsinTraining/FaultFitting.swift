import TocsinCore

extension FaultLimits {
    /// Limits from how long each channel stood still or stayed away while all was well.
    ///
    /// Three times the longest healthy run and a margin of 20 frames; a channel that stood still or
    /// stayed away for more than a tenth of the time may do so for ever.
    init(fitting sequences: [FrameSequence], channels: Int) {
        var still: [Int] = Array(repeating: 0, count: channels)
        var absent = still
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
            longest > frames / 10 ? 0 : 3 * longest + 20
        }
        self.init(still: still.map(limit), absent: absent.map(limit))
    }
}
