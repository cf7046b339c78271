public import TocsinCore
import TocsinFiles

/// One device of a labelled set.
public struct LabelledEntity: Sendable {
    /// A table, and the rows that it should hold.
    public struct Table: Sendable {
        /// Where it is.
        public let path: String
        /// Rows, as the manifest says.
        public let rows: Int
    }

    /// The set's name.
    public let set: String
    /// Its name within the set.
    public let name: String
    /// Healthy rows of its own.
    public let train: Table
    /// Healthy rows for all entities of the set.
    public let commonTrain: Table?
    /// Labelled rows.
    public let test: Table
    /// Events with the channels behind them; `nil` if nobody named any.
    public let causes: [RootCause]?

    /// Set and name, such as `smd/machine-1-6`.
    public var id: String { "\(set)/\(name)" }

    /// The longest buffer of VUS-PR, in rows: about as long as an event's border is uncertain.
    ///
    /// 50 where events were marked in minutes or as windows, 20 where the rows are few.
    public var buffer: Int {
        switch set {
        case "smd", "nab": 50
        default: 20
        }
    }

    /// Whether forms and settings may be chosen on it.
    ///
    /// All others are looked at once: a gain that shows on these only is none.
    public var isTuning: Bool {
        switch set {
        case "smd": ["machine-1-6", "machine-2-1", "machine-2-7"].contains(name)
        case "asd": [1, 3, 5, 7, 9].contains { name == "server-\($0)" }
        case "skab": [0, 3, 6, 9, 12].contains { name == "valve1-\($0)" }
        case "nab": true
        default: false
        }
    }
}

extension LabelledEntity.Table {
    /// Reads the table; rows are the device `device`'s.
    public func read(
        device: String
    ) throws -> (channels: [String], rows: [CSVReader.Row], hash: String) {
        let bytes = try Files.readUnpacked(path)
        var found: [CSVReader.Row] = []
        found.reserveCapacity(rows)
        let channels: [String]
        do {
            var reader = try CSVReader(bytes)
            channels = reader.channels
            while var row = try reader.next() {
                row.device = device
                found.append(row)
            }
        } catch {
            throw InTable(path: path, reason: error)
        }
        guard found.count == rows else {
            throw SetError.differentRows(path: path, found: found.count, expected: rows)
        }
        return (channels, found, ModelFile.hash(bytes))
    }
}

/// An error with the table that it is about.
public struct InTable: Error, CustomStringConvertible {
    /// The table.
    public let path: String
    /// What is wrong with it.
    public let reason: any Error

    public var description: String { "'\(path)': \(reason)" }
}
