/// What one frame led to, or a change of condition that no frame brought.
///
/// It shows the numbers of its device where they lie, and cannot be kept: the next frame writes over
/// them.
public struct Assessment: ~Copyable {
    let record: DeviceRecord
    /// Whether it is of a frame; a silence is of none.
    public let isOfFrame: Bool
    /// The frame's tick.
    public let time: Timestamp
    /// The anomaly score, 1 is the boundary; `nil` while warming up, and for a frame without values.
    public let score: AnomalyScorer.Score?
    /// Whether the state has seen enough.
    public let isWarm: Bool
    /// Whether this frame reset the state, because of the gap before it.
    public let isAfterGap: Bool
    /// Drift of residual and hidden state; `nil` while warming up.
    public let drift: DriftDetector.Drift?
    /// Changes of condition; almost always empty.
    public internal(set) var alerts: [Alert] = []

    /// Of a frame that was just judged.
    init(
        _ record: DeviceRecord,
        score: AnomalyScorer.Score?,
        drift: DriftDetector.Drift?,
        isWarm: Bool,
        isAfterGap: Bool
    ) {
        self.record = record
        isOfFrame = true
        time = record.heads[0].frameTime
        self.score = score
        self.drift = drift
        self.isWarm = isWarm
        self.isAfterGap = isAfterGap
    }

    /// Of no frame.
    init(_ record: DeviceRecord, alert: Alert) {
        self.record = record
        isOfFrame = false
        time = alert.time
        score = nil
        drift = nil
        isWarm = record.isWarm
        isAfterGap = false
        alerts = [alert]
    }

    /// The device's number in its ``Fleet``.
    public var device: Int { Int(record.heads[0].device) }
    /// What was last published of the device's scores; the publisher's own to change.
    public var published: PublishedScore {
        @inline(__always) get { record.published[0] }
        @inline(__always) nonmutating _modify { yield &record.published[0] }
    }
    /// The device's name.
    public var name: String { DeviceMonitor(record).name }
    /// Lends the device's name.
    @inline(__always)
    public func withName(_ body: (Span<UInt8>) -> Void) { record.plate.withName(body) }
    /// The model that judged.
    public var model: Model { DeviceMonitor(record).model }
}

extension Assessment {
    /// What ``share(_:of:)`` divides by: the novelty of all channels together.
    public var noveltySum: Double { AnomalyScorer.noveltySum(record.scorer) }

    /// A channel's share of the score.
    public func share(_ channel: Int, of sum: Double) -> Double {
        AnomalyScorer.share(record.scorer[channel], of: sum)
    }

    /// Where in what ``tell(_:)`` gives the shares begin.
    public static var firstShare: Int { 3 }

    /// All numbers of a score message: score, novelty and tail probability, NaN if there is no
    /// score; then each channel's share, 0 if there is no score; then what was expected of each
    /// channel, in its unit, NaN if nothing.
    ///
    /// - Parameter numbers: overwritten, `[3 + 2 × channels]`
    public func tell(_ numbers: inout [Double]) {
        let (scorer, expected) = (record.scorer, record.expected)
        let scales = unsafe record.usual.pointee.scales
        let (channels, first) = (scorer.count, Self.firstShare)
        let count = first + 2 * channels
        if numbers.count != count { numbers = Array(repeating: 0, count: count) }
        let sum = score == nil ? 0 : noveltySum
        numbers.withNumbers { numbers in
            numbers[0] = score?.value ?? .nan
            numbers[1] = score?.novelty ?? .nan
            numbers[2] = score?.tailProbability ?? .nan
            for c in scorer.indices {
                numbers[first + c] = AnomalyScorer.share(scorer[c], of: sum)
                let scale = scales[c]
                numbers[first + channels + c] = Double(expected[c]) / scale.gain + scale.offset
            }
        }
    }

    /// A channel's value, in its unit; NaN if missing.
    public func value(_ channel: Int) -> Double { record.frame[channel].value }

    /// Whether a sample of this period stands behind a channel's value.
    public func isFresh(_ channel: Int) -> Bool { record.frame[channel].isFresh }

    /// What the model expected of a channel, in its unit; NaN if it expected nothing.
    public func expected(_ channel: Int) -> Double {
        let scale = unsafe record.usual.pointee.scales[channel]
        return Double(record.expected[channel]) / scale.gain + scale.offset
    }

    /// Each channel's share of the score; empty if it is of no frame, `[channels]`.
    public var shares: [Double] {
        let sum = noveltySum
        return channels.map { share($0, of: sum) }
    }

    /// Each channel's value, in its unit; NaN if missing; empty if it is of no frame, `[channels]`.
    public var values: [Double] { channels.map { value($0) } }

    private var channels: Range<Int> { isOfFrame ? record.frame.indices : 0..<0 }
}
