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
    /// What a message says; one for each stream, since most messages of a stream look alike.
    private var batches: [SampleBatch]
    /// The channels that its values belong to, for each batch.
    private var channels: [ChannelNumbers]

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
        batches = Array(repeating: SampleBatch(), count: streams.count)
        channels = Array(repeating: ChannelNumbers(), count: streams.count)
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
        try streams[stream].decoder.decode(payload, channel: channel, into: &batches[stream])
        let time = batches[stream].time ?? arrival
        guard time >= Self.earliest, time.microseconds <= arrival.microseconds + ahead else {
            throw .implausibleTime(time)
        }
        if let known, !isRetained, batches[stream].time == nil {
            fleet.forgetFuture(of: known, beyond: arrival.microseconds + ahead)
        }
        guard let device = known else {
            return try meet(name, stream, time, arrival, isRetained, &fleet, emit)
        }
        return Self.take(
            batches[stream],
            &channels[stream],
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
            batches[stream],
            &channels[stream],
            device: number,
            time: time,
            arrival: arrival,
            isRetained: isRetained,
            counters: &counters,
            fleet: &fleet,
            emit: emit
        )
    }

    /// Hands the batch to the fleet, sample by sample.
    ///
    /// A function of its own, and `static`, so that neither batch nor names are ever copied.
    private static func take(
        _ batch: borrowing SampleBatch,
        _ channels: inout ChannelNumbers,
        device: Int,
        time: Timestamp,
        arrival: Timestamp,
        isRetained: Bool,
        counters: inout IntakeCounters,
        fleet: inout Fleet,
        emit: (borrowing Assessment) -> Void
    ) -> Outcome {
        var outcome = Outcome.taken
        if !channels.holds(batch, for: fleet.namesIdentity(of: device)) {
            channels.find(batch, in: fleet.model(of: device).table)
        }
        var row: Fleet.Row?
        for i in batch.entries.indices {
            let value = batch.entries[i].value
            let channel = channels[i]
            if channel >= 0 {
                let begun =
                    row
                    ?? fleet.begin(
                        device,
                        time: time,
                        arrival: arrival,
                        isRetained: isRetained,
                        emit: emit
                    )
                fleet.put(value, channel: channel, in: begun)
                row = begun
            } else if !value.isNaN {
                counters.unknownChannels += 1
                let name = batch.names.span.extracting(batch.entries[i].name)
                if outcome == .taken, let channel = counters.noteUnknown(device, name) {
                    outcome = .unknownChannel(
                        device: fleet.name(of: device),
                        channel: channel
                    )
                }
            }
        }
        if let row { fleet.end(row) }
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
