import TocsinCore
import TocsinDaemon
import TocsinTraining

/// Streams labelled tables past a model, and past baselines beside it, and measures both.
struct Evaluator {
    /// How well one detector judged one device of a table.
    struct Result {
        let file: String
        let device: String
        /// `model`, or which baseline.
        let detector: String
        let evaluation: Evaluation
    }

    private let model: Model
    private let baselines: [(name: String, detector: BaselineDetector)]
    private let buffer: Int
    private let policies = AlertPolicies()

    /// An evaluator.
    ///
    /// - Parameters:
    ///   - training: the tables that the model was trained on; no baselines if left out
    ///   - buffer: the longest buffer of VUS-PR, in rows
    init(
        model: Model,
        training: [(channels: [String], rows: [CSVReader.Row], hash: String)],
        buffer: Int
    ) throws {
        self.model = model
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
        baselines = try Baseline.Kind.allCases.map { kind in
            (kind.rawValue, try BaselineDetector(kind, beside: model, fitting: dataset))
        }
    }

    /// Measures a table: for each device the model, then the baselines.
    func evaluate(
        _ rows: [CSVReader.Row],
        channels: [String],
        file: String,
        progress: (Double) -> Void
    ) throws -> [Result] {
        guard rows.contains(where: { $0.label != nil }) else { throw LabelError.none }
        if let row = rows.first(where: { $0.label == nil }) { throw LabelError.missing(row.line) }
        var scoring = try OfflineScoring(model: model, channels: channels, policies: policies)
        var recorders: [String: Recorder] = [:]
        var devices: [String] = []
        for (i, row) in rows.enumerated() {
            if recorders[row.device] == nil {
                devices.append(row.device)
                recorders[row.device] = Recorder(baselines)
            }
            recorders[row.device]?.rows.append((row.time, (row.label ?? 0) != 0))
            scoring.take(row) { recorders[$0.name]?.take($0, policies.anomaly) }
            progress(Double(i + 1) / Double(rows.count))
        }
        scoring.finish { recorders[$0.name]?.take($0, policies.anomaly) }
        return devices.flatMap { device in
            (recorders[device]?.series(model.clock) ?? []).map { name, series in
                Result(
                    file: file,
                    device: device,
                    detector: name,
                    evaluation: Evaluation(series, buffer: buffer)
                )
            }
        }
    }
}

/// What happens to one device.
private struct Recorder {
    var rows: [(time: Timestamp, isLabelled: Bool)] = []
    private var frames: [ScoredFrame] = []
    private var isAlarm = false
    private var driftAlerts = 0
    private var faultAlerts = 0
    private var baselines: [(name: String, detector: BaselineDetector, frames: [ScoredFrame])]

    init(_ baselines: [(name: String, detector: BaselineDetector)]) {
        self.baselines = baselines.map { ($0.name, $0.detector, []) }
    }

    mutating func take(_ assessment: Assessment, _ policy: AlertPolicy) {
        for alert in assessment.alerts where !alert.isReminder {
            switch (alert.kind, alert.state) {
            case (.anomaly, let state): isAlarm = state == .raised
            case (.drift, .raised): driftAlerts += 1
            case (.fault, .raised): faultAlerts += 1
            case (.drift, .cleared), (.fault, .cleared), (.silence, _): break
            }
        }
        // Silence is said of no frame.
        guard !assessment.values.isEmpty else { return }
        frames.append(
            ScoredFrame(time: assessment.time, score: assessment.score?.value, isAlarm: isAlarm)
        )
        for i in baselines.indices {
            let frame = baselines[i].detector.assess(
                assessment.values,
                time: assessment.time,
                isAfterGap: assessment.isAfterGap,
                policy: policy
            )
            baselines[i].frames.append(frame)
        }
    }

    /// The model's series, and those of the baselines.
    func series(_ clock: FrameClock) -> [(name: String, series: ScoredSeries)] {
        var own = ScoredSeries(rows: rows, frames: frames, clock: clock)
        own.driftAlerts = driftAlerts
        own.faultAlerts = faultAlerts
        return [("model", own)]
            + baselines.map { ($0.name, ScoredSeries(rows: rows, frames: $0.frames, clock: clock)) }
    }
}

/// Why a table cannot be evaluated on.
enum LabelError: Error, Equatable, CustomStringConvertible {
    /// No row has a label.
    case none
    /// A row has none; counted from 1, the header's line included.
    case missing(Int)

    var description: String {
        switch self {
        case .none: "no labels: the last column must be 'label', 0 or 1"
        case .missing(let line): "line \(line): no label, and nothing says whether this is normal"
        }
    }
}
