/// Gathers the samples of one device into frames, one per period, on a grid in event time.
///
/// The first sample lays the grid: ticks are whole periods away from it, and a sample belongs to the
/// tick that is nearest. Frames leave in order. One leaves as soon as all its channels have arrived,
/// or when a sample has been seen that lies later than the end of its period plus the lateness
/// tolerance. Up to then, late samples are still placed where they belong. Only event time counts,
/// so the same samples give the same frames at any speed.
public struct FrameAssembler: Sendable {
    /// What became of a sample.
    public enum Placement: Sendable, Equatable {
        /// It stands in its frame.
        case placed
        /// It is known already: its frame has a sample of this channel.
        case duplicate
        /// It is newer than all others, but its period has its sample already: the device sends more
        /// often than its model's period.
        case surplus
        /// Its frame has left.
        case late
        /// Older frames have to leave before it fits.
        case full
        /// The gap before it is longer than the clock allows; the grid has to be laid anew.
        case gap
    }

    /// Period, gaps and fill.
    public let clock: FrameClock
    /// How much longer than its period a frame waits.
    public let lateness: Duration

    private let channels: Int
    private let slots: Int64
    // Durations count attoseconds; what is asked per sample is kept in microseconds.
    private let period: Int64
    private let maxGap: Int64
    private let patience: Int64
    /// How long a value is held, in microseconds; negative for never.
    private let holdLimit: Int64

    /// Tick 0, in microseconds; `nil` before the first sample.
    private(set) var origin: Int64?
    /// The oldest frame that has not left.
    private(set) var oldest: Int64 = 0
    /// The newest frame that has a sample.
    private(set) var newest: Int64 = -1
    /// The latest sample's time.
    private(set) var watermark: Int64 = .min
    /// A place in an open frame.
    private struct Place {
        /// NaN if none.
        var value = Double.nan
        /// Whether a sample has arrived, be it "no value".
        var hasArrived = false
    }

    /// The open frames, `[slots, channels]`.
    private var places: [Place]
    /// How many channels have arrived, `[slots]`.
    private(set) var arrived: [Int]
    /// The last value of each channel, `[channels]`; NaN if none.
    private(set) var held: [Double]
    /// When it was measured, `[channels]`.
    private(set) var heldSince: [Int64]

    /// An assembler that has seen nothing.
    public init(clock: FrameClock, lateness: Duration, channels: Int) {
        self.clock = clock
        self.lateness = lateness
        self.channels = channels
        period = max(clock.period.microseconds, 1000)
        holdLimit =
            switch clock.fill {
            case .hold: clock.holdLimit.microseconds
            case .missing: -1
            }
        maxGap = clock.maxGap.microseconds
        patience = lateness.microseconds
        slots = min(2 + (lateness.microseconds + period - 1) / period, 64)
        places = Array(repeating: Place(), count: Int(slots) * channels)
        arrived = Array(repeating: 0, count: Int(slots))
        held = Array(repeating: .nan, count: channels)
        heldSince = Array(repeating: .min, count: channels)
    }

    /// When the latest sample was measured, or `nil` before the first one.
    public var latest: Timestamp? {
        origin == nil ? nil : Timestamp(microseconds: watermark)
    }

    /// Puts a sample where it belongs; on ``Placement/full`` and ``Placement/gap`` nothing changed.
    public mutating func place(_ sample: Sample) -> Placement {
        let time = sample.time.microseconds
        if sample.isRetained {
            keep(sample.channel, sample.value, time)
            return .placed
        }
        guard let origin else {
            origin = time
            oldest = 0
            newest = -1
            return place(sample)
        }
        let index = (time - origin + period / 2).floorDivided(by: period)
        if index < oldest { return surplus(time) ? .surplus : .late }
        if time > watermark, watermark != .min, time - watermark > maxGap {
            return .gap
        }
        if index >= oldest + slots { return .full }

        let slot = Int(index % slots)
        let place = slot * channels + sample.channel
        if places[place].hasArrived { return surplus(time) ? .surplus : .duplicate }
        places[place] = Place(value: sample.value, hasArrived: true)
        arrived[slot] += 1
        newest = max(newest, index)
        watermark = max(watermark, time)
        return .placed
    }

    /// Whether a sample that has no place is the newest so far, and if so moves the watermark.
    private mutating func surplus(_ time: Int64) -> Bool {
        guard time > watermark else { return false }
        watermark = time
        return true
    }

    /// Whether a frame can leave.
    public var hasCompleteFrame: Bool {
        guard let origin, oldest <= newest else { return false }
        if arrived[Int(oldest % slots)] == channels { return true }
        let end = origin + oldest * period + period / 2
        return watermark - end >= patience
    }

    /// Whether a frame waits, complete or not.
    public var hasOpenFrame: Bool { origin != nil && oldest <= newest }

    /// Takes out the oldest open frame, complete or not.
    ///
    /// A frame in which nothing arrived is masked as a whole: nothing is held across it.
    public mutating func removeOldest(into frame: inout Frame) {
        guard let origin else { return }
        let slot = Int(oldest % slots)
        let time = origin + oldest * period
        frame.time = Timestamp(microseconds: time)
        let isSilent = arrived[slot] == 0
        for c in 0..<channels {
            let place = places[slot * channels + c]
            places[slot * channels + c] = Place()
            frame.isFresh[c] = !place.value.isNaN
            frame.isInvalid[c] = place.hasArrived && place.value.isNaN
            if !place.value.isNaN {
                frame.values[c] = place.value
                held[c] = place.value
                heldSince[c] = time
            } else if isSilent || heldSince[c] == .min || time - heldSince[c] > holdLimit {
                frame.values[c] = .nan
            } else {
                frame.values[c] = held[c]
            }
        }
        arrived[slot] = 0
        oldest += 1
    }

    /// Forgets the grid and every open frame; the next sample lays a new one.
    public mutating func reset() {
        self = FrameAssembler(clock: clock, lateness: lateness, channels: channels)
    }

    /// Keeps a retained value, unless a newer one is known.
    private mutating func keep(_ channel: Int, _ value: Double, _ time: Int64) {
        guard !value.isNaN, time >= heldSince[channel] else { return }
        held[channel] = value
        heldSince[channel] = time
    }
}

extension FrameAssembler {
    /// Writes all that ``restore(from:)`` needs.
    func save(to writer: inout StateWriter) {
        writer.write(origin != nil)
        writer.write(origin ?? 0)
        writer.write(oldest)
        writer.write(newest)
        writer.write(watermark)
        writer.write(places.map(\.value))
        writer.write(places.map { Int64($0.hasArrived ? 1 : 0) })
        writer.write(held)
        writer.write(heldSince)
    }

    /// Takes back what ``save(to:)`` wrote, by an assembler of the same clock and lateness.
    mutating func restore(from reader: inout StateReader) throws(StateError) {
        let hasOrigin = try reader.readBool()
        let savedOrigin = try reader.readTime()
        origin = hasOrigin ? savedOrigin : nil
        oldest = try reader.readCount()
        newest = try reader.readInteger()
        watermark = try reader.readTime()
        let values = try reader.readDoubles(count: places.count)
        let flags = try reader.readIntegers(count: places.count)
        held = try reader.readDoubles(count: held.count)
        heldSince = try reader.readIntegers(count: heldSince.count)
        places = zip(values, flags).map { Place(value: $0, hasArrived: $1 != 0) }
        guard flags.allSatisfy({ $0 == 0 || $0 == 1 }),
            places.allSatisfy({ $0.value.isFinite && $0.hasArrived || $0.value.isNaN }),
            held.allSatisfy({ !$0.isInfinite }),
            heldSince.allSatisfy({ $0 == .min || abs($0) < 1 << 60 }),
            isConsistent
        else { throw .inconsistent }
        for slot in arrived.indices {
            let frame = slot * channels..<(slot + 1) * channels
            arrived[slot] = places[frame].count(where: \.hasArrived)
        }
    }

    /// Whether grid, window and watermark belong together; without that, the way from one to the
    /// other might be stepped through for years.
    private var isConsistent: Bool {
        guard let origin else { return oldest == 0 && newest == -1 && watermark == .min }
        guard origin != .min, watermark != .min else { return false }
        return newest == (watermark - origin + period / 2).floorDivided(by: period)
            && (0...slots).contains(newest - oldest + 1)
    }
}
