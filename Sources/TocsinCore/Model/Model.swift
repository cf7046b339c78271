public import TocsinNN

/// All that scoring needs, so that its parts cannot be mismatched: network, scaler, calibration.
///
/// It never changes, and one instance serves every device that it fits.
public final class Model: Sendable {
    /// The file's name without its ending.
    public let name: String
    /// A hash of the file: saved state belongs to the model that made it, and to no other.
    public let identity: String
    /// In the order of the frame, `[channels]`.
    public let channels: [Channel]
    /// The channels' names.
    public let table: NameTable
    /// Brings the channels to a common range.
    public let scaler: Scaler
    /// The network.
    public let autoencoder: Autoencoder
    /// What is usual.
    public let calibration: Calibration
    /// How samples become frames.
    public let clock: FrameClock
    /// Frames from a zero state that are not judged.
    public let warmUp: Int
    /// The longest run of frames that the network saw in training; beyond it, it extrapolates.
    public let longestSequence: Int
    /// Where it comes from.
    public let provenance: Provenance
    /// How well it foresees held-back later data.
    public let validation: Validation

    /// Where a model comes from.
    public struct Provenance: Sendable, Equatable, Codable {
        /// A hash of the training data's bytes.
        public var dataHash: String
        /// The newest row of the training data; not the day of the training, so that the same data
        /// and seed give the same file.
        public var dataUntil: String
        /// The seed of every random draw.
        public var seed: UInt64
        /// How it was trained: option → value.
        public var configuration: [String: String]
        /// What trained it: program → version.
        public var versions: [String: String]

        /// A provenance.
        public init(
            dataHash: String,
            dataUntil: String,
            seed: UInt64,
            configuration: [String: String],
            versions: [String: String]
        ) {
            self.dataHash = dataHash
            self.dataUntil = dataUntil
            self.seed = seed
            self.configuration = configuration
            self.versions = versions
        }

        private enum CodingKeys: String, CodingKey {
            case dataHash = "data_hash"
            case dataUntil = "data_until"
            case seed, configuration, versions
        }
    }

    /// Mean squared one-step error on the calibration part, in squared spreads.
    public struct Validation: Sendable, Equatable, Codable {
        /// Of the network.
        public var modelError: Double
        /// Of saying that nothing changes.
        public var lastValueError: Double
        /// Frames in that part.
        public var frames: Int

        /// A measurement.
        public init(modelError: Double, lastValueError: Double, frames: Int) {
            self.modelError = modelError
            self.lastValueError = lastValueError
            self.frames = frames
        }

        private enum CodingKeys: String, CodingKey {
            case modelError = "model_error"
            case lastValueError = "last_value_error"
            case frames
        }
    }

    /// A model; shapes must agree.
    public init(
        name: String,
        identity: String = "",
        channels: [Channel],
        scaler: Scaler,
        autoencoder: Autoencoder,
        calibration: Calibration,
        clock: FrameClock,
        warmUp: Int = 16,
        longestSequence: Int,
        provenance: Provenance,
        validation: Validation
    ) {
        precondition(channels.count == scaler.offset.count)
        precondition(channels.count == autoencoder.blueprint.inputSize)
        self.name = name
        self.identity = identity
        self.channels = channels
        table = NameTable(channels.map(\.name))
        self.scaler = scaler
        self.autoencoder = autoencoder
        self.calibration = calibration
        self.clock = clock
        self.warmUp = warmUp
        self.longestSequence = longestSequence
        self.provenance = provenance
        self.validation = validation
    }
}

extension Model {
    /// The scores that a device would get for these frames, from a zero state; NaN for none.
    ///
    /// - Parameters:
    ///   - frames: values in each channel's unit, NaN if missing, `[frames, channels]`
    public func scores(of frames: [Double]) -> [Double] {
        let group = ModelGroup(self, lateness: .zero, memory: RecordMemory())
        let record = group.add("golden", stream: 0, device: 0, now: Timestamp(microseconds: 0))
        var tile = [record]
        let policies = AlertPolicies()
        return stride(from: 0, to: frames.count, by: channels.count).map { start in
            for c in channels.indices {
                let value = frames[start + c]
                record.frame.set(c, value, isFresh: !value.isNaN)
            }
            tile.withNumbers { group.advance($0) }
            var score = Double.nan
            tile.withNumbers { tile in
                group.judge(tile, policies) { score = $0.score?.value ?? .nan }
            }
            return score
        }
    }
}
