public import TocsinCore
import TocsinDaemon
public import TocsinTraining

/// Streams labelled tables past a model, and past baselines beside it, and measures both.
///
/// The model judges by ``OfflineScoring``, which is the daemon's own fleet: what is measured is what rings.
public struct Evaluator: Sendable {
    private let model: Model
    private let baselines: [(name: String, detector: BaselineDetector)]
    private let buffer: Int
    private let policies: AlertPolicies

    /// An evaluator.
    ///
    /// - Parameters:
    ///   - training: channels and rows that the model was trained on; no baselines if left out
    ///   - buffer: the longest buffer of VUS-PR, in rows
    ///   - policies: when alerts ring
    public init(
        model: Model,
        training: [(channels: [String], rows: [CSVReader.Row])],
        buffer: Int,
        policies: AlertPolicies = AlertPolicies()
    ) throws {
        self.model = model
        self.policies = policies
        self.buffer = buffer
        guard !training.isEmpty else {
            baselines = []
            return
        }
        let names = model.channels.map(\.name)
        var rows: [CSVReader.Row] = []
        for table in training {
            let columns = names.map { table.channels.firstIndex(of: $0) }
            let missing = zip(names, columns).filter { $0.1 == nil }.map(\.0)
            if let first = missing.first { throw DatasetError.unknownChannel(first) }
            rows += table.rows.map { row in
                var ordered = row
                ordered.values = columns.map { column in column.map { row.values[$0] } ?? .nan }
                return ordered
            }
        }
        let clock = model.clock
        let dataset = try Dataset(channels: names, rows: rows, period: clock.period) { _ in clock }
        baselines = try Self.baselines(model, dataset)
    }

    /// An evaluator of a model beside baselines that are fitted on the same dataset.
    ///
    /// - Parameters:
    ///   - dataset: what the model was trained on
    ///   - buffer: the longest buffer of VUS-PR, in rows
    ///   - policies: when alerts ring
    public init(
        model: Model,
        dataset: Dataset,
        buffer: Int,
        policies: AlertPolicies = AlertPolicies()
    ) throws {
        self.model = model
        self.policies = policies
        self.buffer = buffer
        baselines = try Self.baselines(model, dataset)
    }

    private static func baselines(
        _ model: Model,
        _ dataset: Dataset
    ) throws -> [(name: String, detector: BaselineDetector)] {
        try Baseline.Kind.allCases.map { kind in
            (kind.rawValue, try BaselineDetector(kind, beside: model, fitting: dataset))
        }
    }

    /// Measures a table: for each device the model, then the baselines.
    ///
    /// - Parameters:
    ///   - rows: all with a label; rows of a device in the order in which they arrived
    ///   - channels: the names of the rows' values, in order
    ///   - file: the table's name, for the results
    ///   - progress: is told the share of rows that are done, 0 … 1
    public func evaluate(
        _ rows: [CSVReader.Row],
        channels: [String],
        file: String,
        progress: (Double) -> Void
    ) throws -> [EvaluationResult] {
        guard rows.contains(where: { $0.label != nil }) else { throw LabelError.none }
        if let row = rows.first(where: { $0.label == nil }) { throw LabelError.missing(row.line) }
        var scoring = try OfflineScoring(model: model, channels: channels, policies: policies)
        var recorders: [String: SeriesRecorder] = [:]
        var devices: [String] = []
        for (i, row) in rows.enumerated() {
            if recorders[row.device] == nil {
                devices.append(row.device)
                recorders[row.device] = SeriesRecorder(baselines)
            }
            recorders[row.device]?.begin(row)
            scoring.take(row) { recorders[$0.name]?.take($0, policies.anomaly) }
            recorders[row.device]?.end()
            progress(Double(i + 1) / Double(rows.count))
        }
        scoring.finish { recorders[$0.name]?.take($0, policies.anomaly) }
        return devices.flatMap { device in
            (recorders[device]?.series(model.clock) ?? []).map { name, series, seconds in
                EvaluationResult(
                    file: file,
                    device: device,
                    detector: name,
                    evaluation: Evaluation(series, buffer: buffer),
                    series: name == EvaluationResult.model ? series : nil,
                    seconds: seconds
                )
            }
        }
    }
}
