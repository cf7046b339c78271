import TocsinCore

/// A stretch streamed past a model: when it rang drift, and what each cause alone would have rung.
struct DriftRun {
    /// The row of the first drift alert, counted from the onset; negative before it.
    private(set) var alert: Int?
    /// What that alert named, and the channels, the one that moved most first.
    private(set) var cause: DriftCause?
    private(set) var channels: [String] = []
    /// The row of the first alert by each cause, in the order of ``DriftCause``.
    private(set) var causes: [Int?] = DriftCause.allCases.map { _ in nil }
    /// The largest ratio of each cause, in the order of ``DriftCause``.
    private(set) var largest: [Double] = DriftCause.allCases.map { _ in 0 }
    /// Alerts of faulty channels.
    private(set) var faults: [FaultCause] = []

    /// Streams a stretch, row by row, by the fleet of the daemon.
    init(_ rows: [CSVReader.Row], onset: Int, model: Model, columns: [Int?]) {
        var fleet = Fleet()
        guard let device = fleet.add("device", model: model, stream: 0, now: rows[0].time) else {
            return
        }
        var conditions = causes.map { _ in AlertCondition() }
        for (t, row) in rows.enumerated() {
            for (c, channel) in columns.enumerated() {
                guard let channel, !row.values[c].isNaN else { continue }
                let value = row.values[c]
                let sample = Sample(device: device, channel: channel, time: row.time, value: value)
                fleet.take(sample, arrival: row.time) { take($0, t - onset, &conditions) }
            }
            fleet.assess { take($0, t - onset, &conditions) }
        }
    }

    /// Whether drift was seen, and not before it was there.
    var isSeen: Bool { alert.map { $0 >= 0 } ?? false }

    /// Whether a cause alone would have seen it.
    func isSeen(by cause: DriftCause) -> Bool { causes[cause.rawValue].map { $0 >= 0 } ?? false }

    /// Whether the hidden state alone would have seen it.
    var isSeenByState: Bool { DriftCause.allCases.contains { $0 != .residual && isSeen(by: $0) } }

    private mutating func take(
        _ assessment: borrowing Assessment,
        _ row: Int,
        _ conditions: inout [AlertCondition]
    ) {
        for alert in assessment.alerts where alert.state == .raised {
            if alert.kind == .fault { faults += alert.channels.prefix(1).compactMap(\.cause) }
            guard alert.kind == .drift, self.alert == nil else { continue }
            self.alert = row
            cause = alert.driftCause
            channels = alert.channels.map(\.channel)
        }
        guard let drift = assessment.drift else { return }
        for i in conditions.indices {
            let ratio = drift.ratios[i]
            largest[i] = max(largest[i], ratio)
            let transition = conditions[i].update(
                level: ratio,
                time: assessment.time,
                policy: AlertPolicies().drift
            )
            if transition == .raised, causes[i] == nil { causes[i] = row }
        }
    }
}
