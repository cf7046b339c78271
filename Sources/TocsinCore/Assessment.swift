internal import CTocsinKernels

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
    /// Where in what ``tell(_:)`` gives what stands, for so many channels.
    public struct Places: Sendable {
        /// Score, novelty and tail probability.
        public let head = 0..<3
        /// Each channel's share.
        public let shares: Range<Int>
        /// What was expected of each channel.
        public let expected: Range<Int>
        /// All of them; between the others stands nothing of use.
        public let count: Int

        public init(channels: Int) {
            // Each begins at a whole vector.
            let padded = Channels.padded(channels)
            let start = Channels.padded(head.count)
            shares = start..<start + channels
            expected = start + padded..<start + padded + channels
            count = start + 2 * padded
        }
    }

    /// All numbers of a score message: score, novelty and tail probability, NaN if there is no
    /// score; then each channel's share, 0 if there is no score; then what was expected of each
    /// channel, in its unit, NaN if nothing.
    ///
    /// - Parameter numbers: overwritten; ``Places`` tells what stands where
    public func tell(_ numbers: inout MutableSpan<Double>) {
        let expected = record.expected
        let places = Places(channels: expected.channels)
        precondition(numbers.count >= places.count)
        unsafe numbers.withUnsafeMutableBufferPointer { numbers in
            guard let start = numbers.baseAddress else { return }
            unsafe tocsin_tell(
                start,
                score?.value ?? .nan,
                score?.novelty ?? .nan,
                score?.tailProbability ?? .nan,
                record.energies.start,
                expected.numbers.start,
                record.usual.pointee.scales.numbers.start,
                expected.padded,
                score != nil
            )
        }
    }

    /// A channel's value, in its unit; NaN if missing.
    public func value(_ channel: Int) -> Double { record.frame.value(channel) }

    /// Whether a sample of this period stands behind a channel's value.
    public func isFresh(_ channel: Int) -> Bool { record.frame.isFresh(channel) }

    /// Whether samples of this period stand behind all values.
    public var isComplete: Bool { record.frame.isFresh }

    /// What the model expected of a channel, in its unit; NaN if it expected nothing.
    public func expected(_ channel: Int) -> Double {
        unsafe record.usual.pointee.value(of: record.expected[0][channel], channel: channel)
    }

    /// Each channel's share of the score; empty if it is of no frame, `[channels]`.
    public var shares: [Double] { isOfFrame ? record.energies.shares : [] }

    /// Each channel's value, in its unit; NaN if missing; empty if it is of no frame, `[channels]`.
    public var values: [Double] { channels.map { value($0) } }

    private var channels: Range<Int> { 0..<(isOfFrame ? record.frame.channels : 0) }
}
