/// Turns messages into samples for a fleet.
///
/// A message counts as a whole: when any part of it cannot be read, its device is left as it was.
public struct Intake: Sendable {
    /// What is read, in order; the first template that matches a topic takes its messages.
    public let streams: [Stream]
    /// Which model judges which device.
    public let assignment: ModelAssignment
    /// The largest payload.
    public var largestPayload: Int
    /// How far ahead of its arrival a sample's time may lie.
    public var furthestAhead: Duration {
        didSet { ahead = furthestAhead.microseconds }
    }
    private var ahead: Int64
    /// Which of how many parts of all devices are taken in here; others are not begun to be watched.
    public var part = (index: 0, count: 1)
    /// What was counted.
    public private(set) var counters = IntakeCounters()

    private let topics: TopicTable
    /// One for each stream, since most messages of a stream look alike.
    private var readings: [Reading]

    /// What a message says, and which channels its values belong to.
    private struct Reading {
        var batch = SampleBatch()
        var channels = ChannelNumbers()
        /// The stream's; here, because it is used where it lies, and out of an array only as a copy.
        private let decoder: any SampleDecoder

        init(_ decoder: any SampleDecoder) {
            self.decoder = decoder
        }

        mutating func decode(
            _ payload: Span<UInt8>,
            _ channel: Span<UInt8>
        ) throws(SampleDecodingError) {
            try decoder.decode(payload, channel: channel, into: &batch)
        }
    }

    /// No sensor of today measured before 2000; what says so has a clock that was never set.
    static let earliest = Timestamp(microseconds: 946_684_800_000_000)

    /// An intake.
    public init(
        streams: [Stream],
        assignment: ModelAssignment,
        largestPayload: Int = 1 << 20,
        furthestAhead: Duration = .seconds(3600)
    ) {
        self.streams = streams
        topics = TopicTable(streams.map(\.template))
        readings = streams.map { Reading($0.decoder) }
        self.assignment = assignment
        self.largestPayload = largestPayload
        self.furthestAhead = furthestAhead
        ahead = furthestAhead.microseconds
    }

    /// Where in a topic the device's name stands, or `nil` if no stream reads it.
    public func device(in topic: Span<UInt8>) -> Range<Int>? { topics.find(topic)?.1.device }

    /// What became of a message that was no error.
    public enum Outcome: Sendable, Equatable {
        /// Its samples were taken in.
        case taken
        /// Its device has no model, or there are too many devices; `isNews` the first time.
        case unwatched(device: String, isNews: Bool)
        /// Some channels are not part of the model; the first of them.
        case unknownChannel(device: String, channel: String)
    }

    /// Takes in one message.
    ///
    /// - Parameters:
    ///   - topic: UTF-8
    ///   - payload: as received
    ///   - arrival: when it was received; the time of samples that have none of their own
    ///   - isRetained: whether the broker had kept it
    ///   - fleet: gets the samples, and the device if it is new
    ///   - emit: gets what the samples led to
    public mutating func take(
        topic: Span<UInt8>,
        payload: Span<UInt8>,
        arrival: Timestamp,
        isRetained: Bool,
        into fleet: inout Fleet,
        emit: (borrowing Assessment) -> Void
    ) throws(SampleDecodingError) -> Outcome {
        counters.messages += 1
        do {
            return try read(topic, payload, arrival, isRetained, &fleet, emit)
        } catch {
            counters.rejected += 1
            throw error
        }
    }

    private mutating func read(
        _ topic: Span<UInt8>,
        _ payload: Span<UInt8>,
        _ arrival: Timestamp,
        _ isRetained: Bool,
        _ fleet: inout Fleet,
        _ emit: (borrowing Assessment) -> Void
    ) throws(SampleDecodingError) -> Outcome {
        guard payload.count <= largestPayload else { throw .tooLarge(bytes: payload.count) }
        guard let (stream, match) = topics.find(topic) else {
            counters.unmatched += 1
            throw .unexpectedTopic
        }
        let name = topic.extracting(match.device)
        let channel = topic.extracting(match.channel)
        let known = fleet.find(name)
        // While the payload is read, the device's record is on its way.
        if let known { fleet.fetch(known) }
        try readings[stream].decode(payload, channel)
        let time = readings[stream].batch.time ?? arrival
        guard time >= Self.earliest, time.microseconds <= arrival.microseconds + ahead else {
            throw .implausibleTime(time)
        }
        if let known, !isRetained, readings[stream].batch.time == nil {
            fleet.forgetFuture(of: known, beyond: arrival.microseconds + ahead)
        }
        guard let device = known else {
            return try meet(name, stream, time, arrival, isRetained, &fleet, emit)
        }
        return Self.take(
            &readings[stream],
            device: device,
            time: time,
            arrival: arrival,
            isRetained: isRetained,
            counters: &counters,
            fleet: &fleet,
            emit: emit
        )
    }

    /// Begins to watch a device that has not been seen before.
    private mutating func meet(
        _ name: Span<UInt8>,
        _ stream: Int,
        _ time: Timestamp,
        _ arrival: Timestamp,
        _ isRetained: Bool,
        _ fleet: inout Fleet,
        _ emit: (borrowing Assessment) -> Void
    ) throws(SampleDecodingError) -> Outcome {
        let device = try text(name)
        // Routed by streams that were, or are not yet.
        guard part.count == 1 || TocsinCore.part(of: name, among: part.count) == part.index else {
            counters.unmatched += 1
            throw .unexpectedTopic
        }
        guard let model = assignment.model(device: device, stream: streams[stream].name),
            let number = fleet.add(
                device,
                model: model,
                stream: stream,
                streamName: streams[stream].name,
                now: arrival,
                emit: emit
            )
        else {
            counters.unwatched += 1
            return .unwatched(device: device, isNews: counters.noteUnwatched(device))
        }
        return Self.take(
            &readings[stream],
            device: number,
            time: time,
            arrival: arrival,
            isRetained: isRetained,
            counters: &counters,
            fleet: &fleet,
            emit: emit
        )
    }

    /// Hands what was read to the fleet.
    ///
    /// A function of its own, and `static`, so that nothing of it is ever copied.
    private static func take(
        _ reading: inout Reading,
        device: Int,
        time: Timestamp,
        arrival: Timestamp,
        isRetained: Bool,
        counters: inout IntakeCounters,
        fleet: inout Fleet,
        emit: (borrowing Assessment) -> Void
    ) -> Outcome {
        if !reading.channels.holds(reading.batch, for: fleet.namesIdentity(of: device)) {
            reading.channels.find(reading.batch, in: fleet.model(of: device).table)
        }
        if reading.channels.areSomeKnown {
            let row = fleet.begin(
                device,
                time: time,
                arrival: arrival,
                isRetained: isRetained,
                emit: emit
            )
            fleet.put(reading.batch, reading.channels, in: row)
            fleet.end(row, emit: emit)
        }
        if reading.channels.areAllKnown { return .taken }
        return noteUnknown(reading, device: device, &counters, fleet)
    }

    /// Counts the values that no channel of the model stands for; names the first one that is news.
    private static func noteUnknown(
        _ reading: borrowing Reading,
        device: Int,
        _ counters: inout IntakeCounters,
        _ fleet: borrowing Fleet
    ) -> Outcome {
        var outcome = Outcome.taken
        let (entries, names) = (reading.batch.entries.span, reading.batch.names.span)
        for i in entries.indices
        where reading.channels.numbers[i] < 0 && !entries[i].value.isNaN {
            counters.unknownChannels += 1
            let name = names.extracting(entries[i].name)
            if outcome == .taken, let channel = counters.noteUnknown(device, name) {
                outcome = .unknownChannel(device: fleet.name(of: device), channel: channel)
            }
        }
        return outcome
    }

    /// The device's name, or an error for one that could not stand in a topic of ours.
    private func text(_ name: Span<UInt8>) throws(SampleDecodingError) -> String {
        guard name.count <= 256 else { throw .unusableTopic }
        do {
            let text = String(copying: try UTF8Span(validating: name))
            // Scalar by scalar: a plus sign with an accent is another character, and still a wildcard.
            guard text.isDeviceName else { throw SampleDecodingError.unusableTopic }
            return text
        } catch {
            throw .unusableTopic
        }
    }
}
