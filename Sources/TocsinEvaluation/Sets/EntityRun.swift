import TocsinCore
import TocsinDaemon
import TocsinNN
public import TocsinTraining

/// Trains a model on an entity's healthy rows and measures it on the labelled ones.
///
/// The model sees nothing of the labelled rows before they stream past: scaler, weights and calibration
/// are of the training rows.
public struct EntityRun: Sendable {
    /// How the models are made; every random draw follows from its seed.
    public var plan = ModelTraining.Plan()
    /// Whether the rows that all entities of a set share are trained on, too.
    public var usesCommonTrain = false
    /// Whether the networks reconstruct, behind a code of half the channels, instead of forecasting.
    public var reconstructs = false
    /// The share of the training rows that anomalies are written over, 0 … 1.
    public var contamination = 0.0
    /// False alerts allowed in 10,000 frames; `nil` for the threshold of the calibration.
    public var budget: Double?

    /// A run as `tocsin train` and `tocsin evaluate` do it.
    public init() {}

    /// The results of one entity: the model's, then the baselines'.
    public func results(_ entity: LabelledEntity) throws -> [EvaluationResult] {
        let began = ContinuousClock.now
        var training = try entity.train.read(device: entity.name)
        if usesCommonTrain, let common = entity.commonTrain {
            let more = try common.read(device: "\(entity.set) common")
            guard more.channels == training.channels else {
                throw DatasetError.differentChannels(file: common.path)
            }
            training.rows += more.rows
            training.hash += more.hash
        }
        if contamination > 0 {
            let contamination = Contamination(share: contamination, seed: plan.options.seed)
            training.rows = contamination.spoil(training.rows)
        }
        let (model, dataset): (Model, Dataset)
        do {
            (model, dataset) = try train(training, name: entity.name)
        } catch let error as DatasetError {
            throw InTable(path: entity.train.path, reason: error)
        }
        let trained = ContinuousClock.now - began
        var policies = AlertPolicies()
        policies.budgetPerMonth = budget.map { $0 / 10_000 / model.clock.monthsPerFrame }
        let evaluator = try Evaluator(
            model: model,
            dataset: dataset,
            buffer: entity.buffer,
            policies: policies
        )
        let test = try entity.test.read(device: entity.name)
        var results: [EvaluationResult]
        do {
            results = try evaluator.evaluate(
                test.rows,
                channels: test.channels,
                file: entity.test.path
            ) { _ in }
        } catch let error as LabelError {
            throw InTable(path: entity.test.path, reason: error)
        }
        for i in results.indices where results[i].isModel {
            results[i].trainingSeconds = trained.inSeconds
            guard let causes = entity.causes, let series = results[i].series else { continue }
            results[i].causes = RootCauseReport(
                series,
                causes: causes,
                channels: model.channels.map(\.name)
            )
        }
        return results
    }

    private func train(
        _ table: (channels: [String], rows: [CSVReader.Row], hash: String),
        name: String
    ) throws -> (Model, Dataset) {
        let dataset = try Dataset(
            channels: table.channels,
            rows: table.rows,
            period: nil
        ) { FrameClock(period: $0) }
        var plan = plan
        if reconstructs {
            plan.heads = .reconstruct
            plan.codeSize = max(table.channels.count / 2, 1)
        }
        let result = try ModelTraining(plan).run(
            dataset,
            name: name,
            dataHash: table.hash,
            configuration: [:],
            versions: ["tocsin": tocsinVersion],
            progress: { _ in }
        )
        return (result.model, dataset)
    }
}
