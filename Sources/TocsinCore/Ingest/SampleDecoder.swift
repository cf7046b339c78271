/// Reads one payload format.
public protocol SampleDecoder: Sendable {
    /// Reads a whole payload; on an error `batch` holds nothing that may be used.
    ///
    /// - Parameters:
    ///   - payload: as received
    ///   - channel: the channel's name in the topic; empty if the topic names none
    ///   - batch: emptied, then filled
    func decode(
        _ payload: Span<UInt8>,
        channel: Span<UInt8>,
        into batch: inout SampleBatch
    ) throws(SampleDecodingError)
}

/// What one payload said: values by channel name, and when.
///
/// Kept and reused by its owner, so that decoding does not allocate once it is warm.
public struct SampleBatch: Sendable {
    /// One value.
    public struct Entry: Sendable, Equatable {
        /// Where in ``names`` the channel's name stands.
        public var name: Range<Int>
        /// In the channel's unit; NaN for a missing value.
        public var value: Double
    }

    /// The values, in the order of the payload.
    public internal(set) var entries: [Entry] = []
    /// The bytes of all names, one after another.
    public private(set) var names: [UInt8] = []
    /// Changes whenever the names do.
    public private(set) var revision: UInt64 = 0
    /// When it was measured, if the payload says so.
    public var time: Timestamp?

    /// The most values that one payload may hold.
    public static let capacity = 4096

    /// The most bytes that their names may take together.
    ///
    /// A name is the whole path to its value, so that one long key of a small payload could stand
    /// before thousands of values.
    public static let namesCapacity = 1 << 20

    /// The dotted path to the value that is being read; the JSON decoder's scratch space.
    var path: [UInt8] = []
    /// The payload, padded; scratch space as well.
    var text: [UInt8] = []
    /// What the payload before looked like, as far as the batch still holds its names.
    var shape = PayloadShape()

    /// An empty batch.
    public init() {}

    /// Forgets everything but the storage.
    public mutating func removeAll() {
        revision &+= 1
        if !entries.isEmpty { entries.removeAll(keepingCapacity: true) }
        if !names.isEmpty { names.removeAll(keepingCapacity: true) }
        if !path.isEmpty { path.removeAll(keepingCapacity: true) }
        shape.removeAll()
        time = nil
    }

    /// Holds one value and no time from now on; the name is copied only if it is another.
    mutating func replace(_ value: Double, name: Span<UInt8>) {
        time = nil
        if entries.count == 1, shape.decoder == 0, names.span.equals(name) {
            entries[0].value = value
        } else {
            removeAll()
            _ = append(value, name: name)
        }
    }

    /// Adds a value; `false` if the batch is full.
    public mutating func append(_ value: Double, name: Span<UInt8>) -> Bool {
        append(value, name: name, prefix: 0)
    }

    /// Adds a value under the first `end` bytes of ``path``; `false` if the batch is full.
    mutating func appendAtPath(_ value: Double, upTo end: Int) -> Bool {
        guard isRoomFor(end) else { return false }
        revision &+= 1
        let start = names.count
        for i in 0..<end { names.append(path[i]) }
        entries.append(Entry(name: start..<names.count, value: value.isFinite ? value : .nan))
        return true
    }

    /// Adds a value under the first `prefix` bytes of ``path`` with `name` behind them; `false` if the
    /// batch is full.
    mutating func append(_ value: Double, name: Span<UInt8>, prefix: Int) -> Bool {
        guard isRoomFor(prefix + name.count) else { return false }
        revision &+= 1
        let start = names.count
        for i in 0..<prefix { names.append(path[i]) }
        for i in name.indices { names.append(name[i]) }
        entries.append(Entry(name: start..<names.count, value: value.isFinite ? value : .nan))
        return true
    }

    private func isRoomFor(_ name: Int) -> Bool {
        entries.count < Self.capacity && names.count + name <= Self.namesCapacity
    }

    /// Keeps only the first `count` values.
    mutating func keep(entries count: Int) {
        revision &+= 1
        entries.removeLast(entries.count - count)
        names.removeLast(names.count - (entries.last?.name.upperBound ?? 0))
    }
}

/// Why a payload could not be read.
public enum SampleDecodingError: Error, Equatable, CustomStringConvertible {
    /// The payload is not JSON; `offset` is the first byte that does not fit.
    case malformedJSON(offset: Int)
    /// The payload is JSON, but no object.
    case notAnObject
    /// Objects or arrays lie deeper in each other than allowed.
    case tooDeep(offset: Int)
    /// The payload holds more values than ``SampleBatch/capacity``, or longer names than
    /// ``SampleBatch/namesCapacity``.
    case tooManyValues(offset: Int)
    /// The payload is not UTF-8.
    case invalidUTF8(offset: Int)
    /// The payload should be one number.
    case notANumber(offset: Int)
    /// The time field holds neither ISO 8601 nor a number since 1970.
    case unreadableTime(offset: Int)
    /// The time lies before 2000 or too far in the future.
    case implausibleTime(Timestamp)
    /// The payload is larger than allowed.
    case tooLarge(bytes: Int)
    /// The topic is not UTF-8, or its device has a name that could not stand in a topic of ours.
    case unusableTopic
    /// No stream's template matches the topic.
    case unexpectedTopic

    public var description: String {
        switch self {
        case .malformedJSON(let offset): "not JSON, at byte \(offset)"
        case .notAnObject: "JSON, but not an object of channels, at byte 0"
        case .tooDeep(let offset):
            "nested deeper than \(JSONSampleDecoder.maximumDepth) levels, at byte \(offset)"
        case .tooManyValues(let offset):
            "more than \(SampleBatch.capacity) values, or too long names, at byte \(offset)"
        case .invalidUTF8(let offset): "not UTF-8, at byte \(offset)"
        case .notANumber(let offset): "not a number, at byte \(offset)"
        case .unreadableTime(let offset): "unreadable time, at byte \(offset)"
        case .implausibleTime(let time): "implausible time \(time)"
        case .tooLarge(let bytes): "payload of \(bytes) bytes is too large"
        case .unusableTopic: "topic is not readable text"
        case .unexpectedTopic: "topic matches no stream"
        }
    }
}
