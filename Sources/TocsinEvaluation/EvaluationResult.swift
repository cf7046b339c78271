public import TocsinTraining

/// How well one detector judged one device of a table.
public struct EvaluationResult: Sendable {
    /// The table.
    public var file: String
    /// The device.
    public var device: String
    /// `model`, or which baseline.
    public var detector: String
    /// What was measured.
    public var evaluation: Evaluation
    /// What became of each row; kept of the model only.
    public var series: ScoredSeries?
    /// How well the channels of its alerts name the causes of events; `nil` where nobody named any.
    public var causes: RootCauseReport?
    /// Time spent on judging the rows, in seconds of the clock: other work on the machine counts, too.
    public var seconds: Double
    /// Time spent on training, in seconds; `nil` if it was trained elsewhere.
    public var trainingSeconds: Double?

    /// What the model is called among detectors.
    public static let model = "model"

    /// Whether it is the model's, and no baseline's.
    public var isModel: Bool { detector == Self.model }

    /// Time spent on judging a row, in microseconds; `nil` without rows.
    public var microsecondsPerRow: Double? {
        evaluation.rows == 0 ? nil : seconds * 1e6 / Double(evaluation.rows)
    }
}
