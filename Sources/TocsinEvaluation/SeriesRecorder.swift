import TocsinCore
import TocsinTraining

/// What happens to one device while its rows stream past the model and the baselines.
struct SeriesRecorder {
    /// How many channels of a frame are remembered by name.
    static let leadingChannels = 5

    private var rows: [(time: Timestamp, isLabelled: Bool)] = []
    private var frames: [ScoredFrame] = []
    private var isAlarm = false
    private var alerts: [AlertRecord] = []
    private var baselines: [Side]
    private var rowBegan = ContinuousClock.now
    /// Time of the model's own, and what of the present row was the baselines'.
    private var spent = Duration.zero
    private var spentBeside = Duration.zero

    /// A baseline that looks on.
    private struct Side {
        let name: String
        var detector: BaselineDetector
        var frames: [ScoredFrame] = []
        var spent = Duration.zero
    }

    init(_ baselines: [(name: String, detector: BaselineDetector)]) {
        self.baselines = baselines.map { Side(name: $0.name, detector: $0.detector) }
    }

    /// A row is about to stream past.
    mutating func begin(_ row: CSVReader.Row) {
        rows.append((row.time, (row.label ?? 0) != 0))
        spentBeside = .zero
        rowBegan = .now
    }

    /// The row, and all that it led to, is done.
    mutating func end() {
        spent += .now - rowBegan - spentBeside
    }

    /// Takes in what the model made of a frame.
    mutating func take(_ assessment: borrowing Assessment, _ policy: AlertPolicy) {
        for alert in assessment.alerts where !alert.isReminder { note(alert) }
        // Silence is said of no frame.
        guard assessment.isOfFrame else { return }
        frames.append(
            ScoredFrame(
                time: assessment.time,
                score: assessment.score?.value,
                isAlarm: isAlarm,
                leading: assessment.score == nil ? [] : Self.leading(assessment.shares)
            )
        )
        for i in baselines.indices {
            let began = ContinuousClock.now
            let frame = baselines[i].detector.assess(
                assessment.values,
                time: assessment.time,
                isAfterGap: assessment.isAfterGap,
                policy: policy
            )
            baselines[i].frames.append(frame)
            let span = .now - began
            baselines[i].spent += span
            spentBeside += span
        }
    }

    private mutating func note(_ alert: Alert) {
        if alert.kind == .anomaly { isAlarm = alert.state == .raised }
        switch alert.state {
        case .raised:
            alerts.append(
                AlertRecord(
                    kind: alert.kind,
                    raised: alert.time,
                    channels: alert.channels.prefix(Self.leadingChannels).map(\.channel)
                )
            )
        case .cleared:
            guard let last = alerts.lastIndex(where: { $0.kind == alert.kind }) else { return }
            alerts[last].cleared = alert.time
        }
    }

    /// The channels with the largest shares above 0, largest first; of equal ones the first.
    static func leading(_ shares: [Double]) -> [Int] {
        var leading: [Int] = []
        for c in shares.indices where shares[c] > 0 {
            let place = leading.firstIndex { shares[$0] < shares[c] } ?? leading.count
            guard place < leadingChannels else { continue }
            if leading.count == leadingChannels { leading.removeLast() }
            leading.insert(c, at: place)
        }
        return leading
    }

    /// The model's series and those of the baselines, with the time that each took, in seconds.
    func series(_ clock: FrameClock) -> [(name: String, series: ScoredSeries, seconds: Double)] {
        let own = ScoredSeries(rows: rows, frames: frames, clock: clock, alerts: alerts)
        return [(EvaluationResult.model, own, spent.inSeconds)]
            + baselines.map {
                let series = ScoredSeries(rows: rows, frames: $0.frames, clock: clock)
                return ($0.name, series, $0.spent.inSeconds)
            }
    }
}
