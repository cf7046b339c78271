public import TocsinCore
public import TocsinNN

/// From a dataset to a model: scaler, network, calibration, in this order.
public struct ModelTraining: Sendable {
    /// How a model is made.
    public struct Plan: Sendable {
        /// The kind of the recurrent layers.
        public var cell = CellKind.lstm
        /// Hidden units of every recurrent layer.
        public var hiddenSize = 64
        /// Stacked encoder layers.
        public var layers = 1
        /// Elements of the code that the reconstruct head reads; 0: none.
        public var codeSize = 0
        /// What stands between encoder and heads.
        public var decoder = DecoderKind.linear
        /// What is predicted.
        public var heads = Heads.forecast
        /// What the trained weights are held in; everything after the fitting sees them rounded.
        public var weights = WeightType.single
        /// How the scaler is fitted.
        public var scaler = ScalerMethod.standard
        /// How the network is fitted.
        public var options = TrainingOptions()
        /// Units and physical ranges by channel name, as far as known.
        public var channels: [String: Channel] = [:]
        /// Frames from a zero state that are not judged.
        public var warmUp = 16

        /// The plan that ships.
        public init() {}
    }

    /// A model with what its file needs besides.
    public struct Result: Sendable {
        /// The model.
        public var model: Model
        /// Frames for the golden sequence, `[frames, channels]`.
        public var golden: [Double]
        /// How the fitting went.
        public var outcome: TrainingOutcome
        /// What the user should know, one sentence each.
        public var notes: [String]
    }

    /// How far the training is.
    public struct Progress: Sendable {
        /// Updates done.
        public var update: Int
        /// Updates at most.
        public var updates: Int
        /// The update's loss, in squared spreads.
        public var loss: Double
        /// The newest loss on the stopping part.
        public var validationLoss: Double?
    }

    private let plan: Plan

    /// A training by plan.
    public init(_ plan: Plan) {
        self.plan = plan
    }

    /// Trains a model.
    ///
    /// - Parameters:
    ///   - dataHash: a hash of the files, for the record
    ///   - configuration: option → value, for the record
    ///   - versions: program → version, for the record
    public func run(
        _ dataset: Dataset,
        name: String,
        dataHash: String,
        configuration: [String: String],
        versions: [String: String],
        progress: (Progress) -> Void
    ) throws(DatasetError) -> Result {
        let count = dataset.channels.count
        for name in plan.channels.keys.sorted() where !dataset.channels.contains(name) {
            throw .unknownChannel(name)
        }
        let scaler = Scaler(fitting: dataset.fit, channels: count, method: plan.scaler)
        let variety = dataset.fit.variety(channels: count)
        let outcome = try fit(dataset, scaler, variety, progress)
        let autoencoder: Autoencoder
        do {
            autoencoder = try Autoencoder(
                blueprint: blueprint(count),
                parameters: outcome.parameters,
                weights: plan.weights
            )
        } catch {
            throw .unusable("\(error)")
        }
        let calibrator = try Calibrator(
            streaming: dataset.calibration,
            after: dataset.fit + dataset.stopping,
            scaler: scaler,
            autoencoder: autoencoder,
            warmUp: plan.warmUp
        )
        // A channel that never changed takes part, too: that it does is news.
        var isScored = variety.map { $0 > 0 }
        if !isScored.contains(true) { isScored = variety.map { _ in true } }
        let everything = dataset.fit + dataset.stopping + dataset.calibration
        let calibration = calibrator.calibration(
            isScored: isScored,
            faults: FaultLimits(fitting: everything, channels: count),
            day: Int(86_400 / dataset.clock.period.inSeconds),
            seed: plan.options.seed
        )
        let model = Model(
            name: name,
            channels: dataset.channels.map { plan.channels[$0] ?? Channel(name: $0) },
            scaler: scaler,
            autoencoder: autoencoder,
            calibration: calibration,
            clock: dataset.clock,
            warmUp: plan.warmUp,
            longestSequence: outcome.longestSequence,
            provenance: Model.Provenance(
                dataHash: dataHash,
                dataUntil: dataset.newest.description,
                seed: plan.options.seed,
                configuration: configuration,
                versions: versions
            ),
            validation: calibrator.validation
        )
        return Result(
            model: model,
            golden: golden(dataset.calibration, channels: count),
            outcome: outcome,
            notes: outcome.notes + notes(dataset, variety)
        )
    }

    private func blueprint(_ inputSize: Int) -> Blueprint {
        Blueprint(
            inputSize: inputSize,
            cell: plan.cell,
            hiddenSize: plan.hiddenSize,
            layers: plan.layers,
            codeSize: plan.codeSize,
            decoder: plan.decoder,
            heads: plan.heads
        )
    }

    private func fit(
        _ dataset: Dataset,
        _ scaler: Scaler,
        _ variety: [Int],
        _ progress: (Progress) -> Void
    ) throws(DatasetError) -> TrainingOutcome {
        do {
            let trainer = try Trainer(
                blueprint: blueprint(dataset.channels.count),
                options: plan.options
            )
            return try trainer.train(
                dataset.fit.map { $0.segment(scaler) },
                validation: dataset.stopping.map { $0.segment(scaler) },
                // A channel that did not vary teaches the network nothing but its own value.
                channelWeights: variety.map { $0 > 1 ? 1 : 0.1 }
            ) { update, updates, loss, validation in
                progress(
                    Progress(
                        update: update,
                        updates: updates,
                        loss: loss,
                        validationLoss: validation
                    )
                )
            }
        } catch {
            throw .unusable("\(error)")
        }
    }

    /// The beginning of the longest stretch of the calibration part, at most 64 frames.
    private func golden(_ sequences: [FrameSequence], channels: Int) -> [Double] {
        let longest = sequences.max { $0.count < $1.count }
        return Array(longest?.values.prefix(64 * channels) ?? [])
    }

    private func notes(_ dataset: Dataset, _ variety: [Int]) -> [String] {
        var notes: [String] = []
        if dataset.labelledRows > 0 {
            notes.append("\(dataset.labelledRows) rows with a label were left out")
        }
        func names(where isNamed: (Int) -> Bool) -> String {
            let named = dataset.channels.indices.filter { isNamed(variety[$0]) }
            return named.map { dataset.channels[$0] }.joined(separator: ", ")
        }
        let still = names { $0 == 1 }
        if !still.isEmpty {
            notes.append("never changed, so that any change is a surprise: \(still)")
        }
        let absent = names { $0 == 0 }
        if !absent.isEmpty { notes.append("not scored, for want of any value: \(absent)") }
        return notes
    }
}

extension FrameSequence {
    /// The frames as the network sees them.
    func segment(_ scaler: Scaler) -> TrainingSegment {
        var features: [Float] = Array(repeating: 0, count: channels)
        var all: [Float] = []
        var present: [Bool] = []
        for t in 0..<count {
            scaler.transform(Array(values[t * channels..<(t + 1) * channels]), into: &features)
            for feature in features {
                all.append(feature.isNaN ? 0 : feature.clipped(to: Scaler.inputLimit))
                present.append(!feature.isNaN)
            }
        }
        return TrainingSegment(channels: channels, features: all, present: present)
    }
}

extension [FrameSequence] {
    /// How many different values each channel took, counted up to 3, `[channels]`.
    func variety(channels: Int) -> [Int] {
        (0..<channels).map { c in
            var seen: Set<Double> = []
            for sequence in self {
                for t in 0..<sequence.count where !sequence.value(t, c).isNaN {
                    seen.insert(sequence.value(t, c))
                    if seen.count > 2 { return 3 }
                }
            }
            return seen.count
        }
    }
}
