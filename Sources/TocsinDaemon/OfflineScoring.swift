public import TocsinCore

/// Scores tables by the very fleet of the daemon.
public struct OfflineScoring: ~Copyable {
    private var fleet: Fleet
    private let model: Model
    /// The place in the frame of each column, or `nil` for one that the model does not know.
    private let columns: [Int?]

    /// A scoring of a table's columns.
    public init(model: Model, channels: [String], policies: AlertPolicies) throws(MissingChannels) {
        self.model = model
        columns = channels.map { model.table.find($0) }
        let missing = model.channels.map(\.name).filter { !channels.contains($0) }
        guard missing.count < model.channels.count else { throw MissingChannels(missing) }
        fleet = Fleet(policies: policies)
    }

    /// Takes in a row; empty fields are samples that were never sent.
    public mutating func take(_ row: CSVReader.Row, emit: (borrowing Assessment) -> Void) {
        guard let number = fleet.add(row.device, model: model, stream: 0, now: row.time) else {
            return
        }
        for (c, channel) in columns.enumerated() {
            guard let channel, !row.values[c].isNaN else { continue }
            let sample = Sample(
                device: number,
                channel: channel,
                time: row.time,
                value: row.values[c]
            )
            fleet.take(sample, arrival: row.time, emit: emit)
        }
        fleet.assess(emit)
    }

    /// Scores what is left.
    public mutating func finish(emit: (borrowing Assessment) -> Void) {
        fleet.flush(emit)
    }

    /// What was counted.
    public var counters: FleetCounters { fleet.counters }
}

/// A table has none of a model's channels.
public struct MissingChannels: Error, Equatable, CustomStringConvertible {
    /// The model's channels.
    public let names: [String]

    init(_ names: [String]) {
        self.names = names
    }

    public var description: String {
        "the table has none of the model's channels: \(names.joined(separator: ", "))"
    }
}
