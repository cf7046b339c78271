/// What is the same for every device of a model: period, gaps and fill, in microseconds.
struct FrameTiming: BitwiseCopyable, Sendable {
    let period: Int64
    let maxGap: Int64
    /// How much longer than its period a frame waits.
    let patience: Int64
    /// How long a value is held; negative for never.
    let holdLimit: Int64
    /// How many frames may be open at a time.
    let window: Int64
    /// Room for them: a power of two, so that a frame's slot is found without a division.
    let slots: Int64
    let channels: Int
    /// Room for them in whole vectors.
    let padded: Int

    init(clock: FrameClock, lateness: Duration, channels: Int) {
        period = max(clock.period.microseconds, 1000)
        maxGap = clock.maxGap.microseconds
        patience = lateness.microseconds
        holdLimit =
            switch clock.fill {
            case .hold: clock.holdLimit.microseconds
            case .missing: -1
            }
        window = min(2 + (lateness.microseconds + period - 1) / period, 64)
        slots = 1 << (64 - (window - 1).leadingZeroBitCount)
        self.channels = channels
        padded = Channels.padded(channels)
    }
}
