/// How well models ring on labelled sets: all results, by set and by split.
public struct Detection: Sendable {
    /// Which entities of a set count.
    public enum Split: String, CaseIterable, Sendable {
        /// Each.
        case all
        /// Those on which forms and settings may be chosen.
        case tuning
        /// Those that are looked at once.
        case other
    }

    /// What became of one entity.
    public struct Outcome: Sendable {
        /// Which.
        public let entity: LabelledEntity
        /// The model's result, then the baselines'.
        public let results: [EvaluationResult]

        /// An outcome.
        public init(entity: LabelledEntity, results: [EvaluationResult]) {
            self.entity = entity
            self.results = results
        }
    }

    /// In the order of the sets.
    public let outcomes: [Outcome]

    /// False alerts allowed in 10,000 frames; `nil` without a budget.
    public let budget: Double?

    /// A collection of outcomes.
    public init(_ outcomes: [Outcome], budget: Double? = nil) {
        self.outcomes = outcomes
        self.budget = budget
    }

    /// Runs entities on some threads; the same numbers for any number of threads, but for times.
    public static func run(
        _ entities: [LabelledEntity],
        by run: EntityRun,
        threads: Int,
        finished: @escaping @Sendable (LabelledEntity, Duration) -> Void
    ) throws -> Detection {
        Detection(
            try ParallelWork.map(entities, threads: threads) { entity in
                let began = ContinuousClock.now
                let outcome = Outcome(entity: entity, results: try run.results(entity))
                finished(entity, .now - began)
                return outcome
            },
            budget: run.budget
        )
    }

    /// The sets, in the order in which they first occur.
    var sets: [String] {
        var sets: [String] = []
        for outcome in outcomes where !sets.contains(outcome.entity.set) {
            sets.append(outcome.entity.set)
        }
        return sets
    }

    /// The model, then the baselines.
    var detectors: [String] { EvaluationTable.detectors(outcomes.flatMap(\.results)) }

    /// The results of a set, of all detectors.
    func results(_ set: String, _ split: Split) -> [EvaluationResult] {
        outcomes.filter { $0.entity.set == set && split.contains($0.entity) }.flatMap(\.results)
    }

    /// The means of a detector over a set; `nil` if no entity of it counts.
    func summary(_ set: String, _ split: Split, _ detector: String) -> EvaluationSummary? {
        let results = results(set, split).filter { $0.detector == detector }
        return results.isEmpty ? nil : EvaluationSummary(results)
    }

    /// The mean of a detector over sets, each of which counts once; `nil` if none has an entity.
    func mean(
        of names: [String],
        _ split: Split,
        _ detector: String
    ) -> EvaluationSummary? {
        let summaries = names.compactMap { summary($0, split, detector) }
        return summaries.isEmpty ? nil : EvaluationSummary(meanOf: summaries)
    }

    /// How well causes were named in a set; `nil` where nobody named any.
    func causes(_ set: String, _ split: Split) -> RootCauseReport? {
        let reports = results(set, split).compactMap(\.causes)
        guard !reports.isEmpty else { return nil }
        return reports.reduce(into: RootCauseReport()) { $0 += $1 }
    }
}

extension Detection.Split {
    /// Whether an entity counts.
    func contains(_ entity: LabelledEntity) -> Bool {
        switch self {
        case .all: true
        case .tuning: entity.isTuning
        case .other: !entity.isTuning
        }
    }
}
