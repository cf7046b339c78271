import TocsinNN

/// Where the parts of a device's record lie, in bytes from its beginning.
///
/// All that changes from frame to frame stands in one piece, as plain numbers without a reference among
/// them, and the network's part first.
struct DeviceLayout: BitwiseCopyable, Sendable {
    let stateSize: Int
    let channels: Int
    /// Room for them in whole vectors.
    let padded: Int
    let slots: Int
    /// Length of the past hidden states, in floats.
    let past: Int

    let forecastStart: Int
    let reconstructionStart: Int
    let headStart: Int
    let memoryStart: Int
    let trackersStart: Int
    let gridStart: Int
    let scorerStart: Int
    let lastStart: Int
    let watchStart: Int
    let meansStart: Int
    let frameStart: Int
    let marksStart: Int
    let heldStart: Int
    let sinceStart: Int
    let placesStart: Int
    /// What only judging a frame changes; the network's part belongs to that, too.
    let judgedStart: Int
    /// The past hidden states, of which a frame writes over one.
    let pastStart: Int
    let expectedStart: Int
    let arrivedStart: Int
    let publishedStart: Int
    /// Length of a record: whole cache lines.
    let size: Int

    init(_ network: RecordLayout, channels: Int, slots: Int, past: Int) {
        func bytes<Element>(_ type: Element.Type, _ count: Int) -> Int {
            count * MemoryLayout<Element>.stride
        }
        stateSize = network.recurrent.count
        self.channels = channels
        padded = Channels.padded(channels)
        self.slots = slots
        self.past = past
        forecastStart = bytes(Float.self, network.forecast.lowerBound)
        reconstructionStart = bytes(Float.self, network.reconstruction.lowerBound)
        func wholeLines(_ place: Int) -> Int { (place + 63) / 64 * 64 }
        headStart = wholeLines(bytes(Float.self, network.stride))
        // What taking in a row changes stands together, and so does what judging a frame changes.
        gridStart = headStart + bytes(DeviceHead.self, 1)
        placesStart = gridStart + bytes(FrameSlots.Grid.self, 1)
        arrivedStart = placesStart + bytes(Double.self, slots * padded)
        heldStart = (arrivedStart + bytes(Int32.self, slots) + 7) / 8 * 8
        sinceStart = heldStart + bytes(Double.self, padded)
        publishedStart = sinceStart + bytes(Int64.self, padded)
        judgedStart = wholeLines(publishedStart + bytes(PublishedScore.self, 1))
        memoryStart = judgedStart
        trackersStart = memoryStart + bytes(DriftWatch.Memory.self, 1)
        frameStart = trackersStart + bytes(PopulationStability.self, 4)
        marksStart = frameStart + bytes(Double.self, padded)
        expectedStart = marksStart + bytes(Int32.self, padded)
        scorerStart = expectedStart + bytes(Float.self, padded)
        meansStart = scorerStart + bytes(Double.self, ChannelEnergies.fields * padded)
        lastStart = meansStart + bytes(Double.self, padded)
        watchStart = lastStart + bytes(Double.self, padded)
        pastStart = wholeLines(watchStart + bytes(Int32.self, FaultWatches.fields * padded))
        size = wholeLines(pastStart + bytes(Float.self, past))
    }

    /// Changes whenever a record of another process could not be understood: with every place of a part,
    /// with every part's size, and with the number that is raised when a part changes its meaning.
    var form: UInt64 {
        let version = 2
        let numbers = [
            version, DevicePlate.size, stateSize, channels, slots, past, forecastStart,
            reconstructionStart, headStart, memoryStart, trackersStart, gridStart, scorerStart,
            watchStart, meansStart, frameStart, marksStart, heldStart, sinceStart, lastStart,
            placesStart,
            pastStart, expectedStart, arrivedStart, publishedStart, judgedStart, size,
        ]
        return stableHash("\(numbers) \(DeviceHead.form)")
    }
}

/// What of a device's record is not one number per channel or hidden unit.
struct DeviceHead: BitwiseCopyable {
    /// The batch that last changed the record; see ``UndoLog``.
    var batch: UInt64 = 0
    /// When the last sample arrived here.
    var lastArrival: Timestamp
    /// Where its stream was then, in event time; `Int64.min` while that is not known.
    var streamTime = Timestamp(microseconds: .min)
    /// How far its own clock is ahead of its stream's, microseconds; 0 unless it was found to be.
    var lead: Int64 = 0
    var keeper: ThresholdKeeper
    /// Whether it has been unlike training, new or not, and since when.
    var departure = AlertCondition()
    /// The four conditions, in the order of ``AlertKind``.
    var conditions = InlineArray<4, AlertCondition>(repeating: AlertCondition())
    /// The tick of the frame that was assessed last.
    var frameTime = Timestamp(microseconds: 0)
    /// Frames since the state was last zero.
    var framesSinceReset: Int64 = 0
    /// Frames assessed.
    var frames: Int64 = 0
    /// How often a gap reset the state.
    var resets: Int64 = 0
    /// The last score that was given.
    var score: AnomalyScorer.Score?
    /// The last drift that was given.
    var drift: DriftDetector.Drift?
    /// Whether it waits in the fleet's list of ready devices.
    var isReady = false
    /// One bit for each part of the record that needs not be saved any more in this batch.
    var savedParts = UInt8.max
    /// Its number in its group.
    var number: Int32
    /// Its number in its fleet.
    var device: Int32

    /// As ``DeviceLayout/form``, of the head alone.
    static let form: UInt64 = {
        let version = 2
        return stableHash(
            "\(version) \(MemoryLayout<Self>.size) \(MemoryLayout<AlertCondition>.size)"
                + " \(MemoryLayout<ThresholdKeeper>.size)"
                + " \(MemoryLayout<Self>.offset(of: \.conditions) ?? 0)"
        )
    }()
}

/// What was last told of a device's score, and how often one is wanted; the publisher's own memory,
/// kept here so that it lives and dies with the device.
public struct PublishedScore: BitwiseCopyable, Sendable {
    /// When a score was wanted last, microseconds; `Int64.min` for never.
    public var wanted = Int64.min
    /// How often one is wanted, per second.
    public var rate = 0.0
    /// When the last message was, in microseconds, and what it said; NaN for no score.
    public var sent = Int64.min
    public var score = Double.nan
    public var novelty = Double.nan
    public var isUrgent = false
    /// Whether the last score was at or above level 1.
    public var isAbove = false

    /// Nothing was told.
    public init() {}
}
