/// Keeps one device's budget of false alerts, and the account of it.
///
/// It learns from frames that are in no alert, and from peaks that became none, never from alerts: what
/// rings must not teach the bell to be silent. The distribution begins as calibrated.
public struct ThresholdKeeper: BitwiseCopyable, Sendable, Equatable {
    /// What peaks to expect.
    public private(set) var peaks: PeakDistribution
    /// Frames judged.
    public private(set) var frames: Int64 = 0
    /// Anomaly alerts that rang in them.
    public private(set) var alerts: Int64 = 0
    /// The peak that has not ended: how high it is.
    private var height = 0.0
    /// Whether there is one.
    private var isOpen = false
    /// Whether it touched an alert.
    private var isSpoiled = false
    /// Frames since its last one at or above the level.
    private var quietFor: Int64 = 0

    /// A keeper that has seen nothing.
    public init(_ peaks: PeakDistribution) {
        self.peaks = peaks
    }

    /// A_on for a budget of alerts per frame, in spreads.
    public func threshold(budget: Double) -> Double { peaks.threshold(rate: budget) }

    /// Takes in what a frame came to; does not allocate.
    ///
    /// - Parameters:
    ///   - novelty: B, in spreads
    ///   - isAlert: whether the anomaly is raised after it
    ///   - rang: whether it was raised by it
    mutating func update(novelty: Double, isAlert: Bool, rang: Bool) {
        frames += 1
        if rang { alerts += 1 }
        if !isAlert { peaks.addFrame() }
        if novelty >= peaks.level {
            height = isOpen ? max(height, novelty) : novelty
            isSpoiled = isOpen && isSpoiled || isAlert
            isOpen = true
            quietFor = 0
        } else if isOpen {
            quietFor += 1
            isSpoiled = isSpoiled || isAlert
            guard quietFor > PeakDistribution.joinedWithin else { return }
            isOpen = false
            if !isSpoiled { peaks.addPeak(height) }
        }
    }

    /// Forgets the peak that has not ended, after a reset.
    mutating func forgetPeak() { isOpen = false }
}

extension ThresholdKeeper {
    func save(to writer: inout StateWriter) {
        writer.write([peaks.arrivals, peaks.frames, peaks.excess, peaks.weight, height])
        writer.write(frames)
        writer.write(alerts)
        writer.write(isOpen)
        writer.write(isSpoiled)
        writer.write(quietFor)
    }

    mutating func restore(from reader: inout StateReader) throws(StateError) {
        let amounts = try reader.readDoubles(count: 5)
        guard amounts[..<4].allSatisfy({ $0 > 0 && $0.isFinite }), amounts[4].isFinite else {
            throw .inconsistent
        }
        peaks.arrivals = amounts[0]
        peaks.frames = amounts[1]
        peaks.excess = amounts[2]
        peaks.weight = amounts[3]
        height = amounts[4]
        frames = try reader.readCount()
        alerts = try reader.readCount()
        isOpen = try reader.readBool()
        isSpoiled = try reader.readBool()
        quietFor = try reader.readCount()
    }
}
