/// Reads tables of samples, row by row.
///
/// The first line names the columns: `timestamp` first, then an optional `device`, the channels, and
/// an optional `label` last. Fields are separated by commas, without quotes. An empty field is a
/// missing value.
public struct CSVReader: Sendable {
    /// One row.
    public struct Row: Sendable, Equatable {
        /// Counted from 1, the header's line included.
        public var line: Int
        /// The time.
        public var time: Timestamp
        /// The device; empty if the table has no such column.
        public var device: String
        /// In each channel's unit, NaN if missing, `[channels]`.
        public var values: [Double]
        /// The label; `nil` if the table has none, or none for this row.
        public var label: Double?
    }

    /// The channels' names, in the order of the columns.
    public let channels: [String]
    /// Whether there is a column `device`.
    public let hasDevices: Bool
    /// Whether there is a column `label`.
    public let hasLabels: Bool

    private let bytes: [UInt8]
    private let columns: [Column]
    private var position: Int
    private var line = 1

    private enum Column: Sendable {
        case time
        case device
        case channel(Int)
        case label
        case ignored
    }

    /// A reader at the first row.
    ///
    /// - Parameters:
    ///   - bytes: the whole table
    ///   - ignoring: columns that are neither channels nor anything else
    public init(_ bytes: [UInt8], ignoring: Set<String> = []) throws(CSVError) {
        self.bytes = bytes
        position = 0
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        let header = Self.line(bytes, from: position)
        let text = String(decoding: bytes[header], as: UTF8.self)
        let names = text.split(separator: ",", omittingEmptySubsequences: false).map(Self.name)
        guard names.first == "timestamp" else { throw CSVError(line: 1, problem: .noTimestamp) }
        var columns: [Column] = []
        var channels: [String] = []
        for (i, name) in names.enumerated() {
            if i > 0, !ignoring.contains(name), !name.isEmpty, names[..<i].contains(name) {
                throw CSVError(line: 1, problem: .doubleName(name))
            }
            if i == 0 {
                columns.append(.time)
            } else if name.isEmpty {
                throw CSVError(line: 1, problem: .emptyName(column: i + 1))
            } else if ignoring.contains(name) {
                columns.append(.ignored)
            } else if name == "device" {
                columns.append(.device)
            } else if name == "label" {
                columns.append(.label)
            } else {
                columns.append(.channel(channels.count))
                channels.append(name)
            }
        }
        guard !channels.isEmpty else { throw CSVError(line: 1, problem: .noChannels) }
        self.columns = columns
        self.channels = channels
        hasDevices = names.contains("device") && !ignoring.contains("device")
        hasLabels = names.contains("label") && !ignoring.contains("label")
        position = min(header.upperBound + 1, bytes.count)
    }

    /// How much has been read, 0 … 1.
    public var progress: Double { Double(position) / Double(max(bytes.count, 1)) }

    /// The next row, or `nil` at the end.
    public mutating func next() throws(CSVError) -> Row? {
        var content = position..<position
        repeat {
            guard position < bytes.count else { return nil }
            content = Self.line(bytes, from: position)
            position = min(content.upperBound + 1, bytes.count)
            line += 1
            if content.upperBound > content.lowerBound,
                bytes[content.upperBound - 1] == UInt8(ascii: "\r")
            {
                content = content.lowerBound..<content.upperBound - 1
            }
        } while content.isEmpty
        return try row(content)
    }

    private func row(_ content: Range<Int>) throws(CSVError) -> Row {
        var row = Row(
            line: line,
            time: Timestamp(microseconds: 0),
            device: "",
            values: Array(repeating: .nan, count: channels.count),
            label: nil
        )
        let span = bytes.span
        var start = content.lowerBound
        for (i, column) in columns.enumerated() {
            guard start <= content.upperBound else {
                throw CSVError(line: line, problem: .fields(found: i, expected: columns.count))
            }
            var end = start
            while end < content.upperBound, bytes[end] != UInt8(ascii: ",") { end += 1 }
            let field = span.extracting(start..<end)
            switch column {
            case .time:
                guard let time = Self.time(field) else {
                    throw CSVError(line: line, problem: .time)
                }
                row.time = time
            case .device:
                // It is shown on terminals and in alerts.
                row.device = String(decoding: bytes[start..<end], as: UTF8.self).readable
            case .channel(let channel):
                guard let value = Self.number(field) else {
                    throw CSVError(line: line, problem: .number(column: channels[channel]))
                }
                row.values[channel] = value
            case .label:
                guard let label = Self.number(field) else {
                    throw CSVError(line: line, problem: .number(column: "label"))
                }
                row.label = label.isNaN ? nil : label
            case .ignored:
                break
            }
            start = end + 1
        }
        guard start > content.upperBound else {
            throw CSVError(
                line: line,
                problem: .fields(found: columns.count + 1, expected: columns.count)
            )
        }
        return row
    }

    /// A column's name, without what other programs put around it.
    private static func name(_ field: Substring) -> String {
        var name = field
        while let first = name.first, first.isWhitespace || first == "\"" { name.removeFirst() }
        while let last = name.last, last.isWhitespace || last == "\"" { name.removeLast() }
        return String(name)
    }

    private static func time(_ field: Span<UInt8>) -> Timestamp? {
        Timestamp(iso8601: field)
            ?? DecimalNumber.whole(field).flatMap { Timestamp(sinceEpoch: $0) }
    }

    /// The number in a field, NaN for an empty one or one that says so, `nil` for anything else.
    private static func number(_ field: Span<UInt8>) -> Double? {
        if field.isEmpty || field.equals("nan") || field.equals("null") { return .nan }
        guard let value = DecimalNumber.whole(field) else { return nil }
        return value.isFinite ? value : .nan
    }

    private static func line(_ bytes: [UInt8], from start: Int) -> Range<Int> {
        let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
        return start..<end
    }
}

/// What is wrong with a table, and where.
public struct CSVError: Error, Equatable, CustomStringConvertible {
    /// What is wrong.
    public enum Problem: Sendable, Equatable {
        case noTimestamp
        case emptyName(column: Int)
        case doubleName(String)
        case noChannels
        case fields(found: Int, expected: Int)
        case time
        case number(column: String)
    }

    /// Counted from 1.
    public var line: Int
    /// What is wrong there.
    public var problem: Problem

    public var description: String {
        let text =
            switch problem {
            case .noTimestamp: "the first column must be 'timestamp'"
            case .emptyName(let column): "column \(column) has no name"
            case .doubleName(let name): "two columns are called '\(name)'"
            case .noChannels: "there is no column for a channel"
            case .fields(let found, let expected):
                found > expected
                    ? "more than \(expected) fields" : "\(found) fields where \(expected) belong"
            case .time: "the timestamp is neither ISO 8601 nor a number since 1970"
            case .number(let column): "'\(column)' is not a number"
            }
        return "line \(line): \(text.readable)"
    }
}
