import TocsinCore
import TocsinDaemon
import TocsinTraining

/// Trains a model on an entity's healthy rows and measures it on the labelled ones.
///
/// The model sees nothing of the labelled rows before they stream past: scaler, weights and calibration
/// are of the training rows.
public struct EntityRun: Sendable {
    /// Every random draw of the training follows from it.
    public var seed: UInt64 = 1
    /// Whether the rows that all entities of a set share are trained on, too.
    public var usesCommonTrain = false

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
        let (model, dataset): (Model, Dataset)
        do {
            (model, dataset) = try train(training, name: entity.name)
        } catch let error as DatasetError {
            throw InTable(path: entity.train.path, reason: error)
        }
        let trained = ContinuousClock.now - began
        let evaluator = try Evaluator(model: model, dataset: dataset, buffer: entity.buffer)
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
        var plan = ModelTraining.Plan()
        plan.options.seed = seed
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
