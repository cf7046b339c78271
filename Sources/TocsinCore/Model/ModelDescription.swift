import FoundationEssentials
import TocsinNN

extension ModelFile {
    /// What a model file says in words: the JSON under the metadata's key `tocsin`.
    struct Description: Codable {
        var version: Int
        var blueprint: Blueprint
        /// Files from before there was a choice do not say it, and have 32 bits.
        var weights: WeightType?
        var channels: [Channel]
        var clock: FrameClock
        var warmUp: Int
        var longestSequence: Int
        var calibration: Calibration
        var provenance: Model.Provenance
        var validation: Model.Validation

        private enum CodingKeys: String, CodingKey {
            case version = "format_version"
            case blueprint, weights, channels, clock, calibration, provenance, validation
            case warmUp = "warm_up"
            case longestSequence = "longest_sequence"
        }

        init(_ model: Model) {
            version = ModelFile.version
            blueprint = model.autoencoder.blueprint
            weights = model.autoencoder.weights
            channels = model.channels
            clock = model.clock
            warmUp = model.warmUp
            longestSequence = model.longestSequence
            calibration = model.calibration
            provenance = model.provenance
            validation = model.validation
        }

        private struct Version: Codable {
            var version: Int

            private enum CodingKeys: String, CodingKey {
                case version = "format_version"
            }
        }

        init(_ text: String) throws(ModelFileError) {
            let decoder = JSONDecoder()
            let data = Data(text.utf8)
            do {
                let found = try decoder.decode(Version.self, from: data).version
                guard found <= ModelFile.version else { throw ModelFileError.newerFormat(found) }
                guard found == ModelFile.version else { throw ModelFileError.olderFormat(found) }
                self = try decoder.decode(Description.self, from: data)
            } catch let error as ModelFileError {
                throw error
            } catch let error as DecodingError {
                throw .unusableDescription(error.place)
            } catch {
                throw .unusableDescription("not JSON")
            }
        }

        /// Checks that every list has the length that the channels ask for.
        func check() throws(ModelFileError) {
            let count = channels.count
            guard count == blueprint.inputSize, count <= 4096 else {
                throw .unusableDescription(
                    "\(count) channels for a network of \(blueprint.inputSize) inputs"
                )
            }
            guard Set(channels.map(\.name)).count == count else {
                throw .unusableDescription("two channels have one name")
            }
            guard channels.allSatisfy({ $0.name.isReadable && $0.unit.isReadable }) else {
                throw .unusableDescription("a channel's name or unit is not readable")
            }
            guard clock.period >= .milliseconds(1), clock.period <= .seconds(86400 * 366),
                clock.maxGap >= clock.period, clock.maxGap <= clock.period * 100_000,
                clock.holdLimit >= .zero
            else { throw .unusableDescription("impossible period, max_gap or hold_limit") }
            guard (0...100_000).contains(warmUp) else {
                throw .unusableDescription("impossible warm_up")
            }
            let lengths = [
                calibration.isScored.count, calibration.residual.rms.count,
                calibration.faults.still.count, calibration.faults.absent.count,
                calibration.faults.steps.count,
            ]
            guard lengths.allSatisfy({ $0 == count }) else {
                throw .unusableDescription("the calibration is for another number of channels")
            }
            let residual = calibration.residual
            let peaks = calibration.peaks
            let amounts =
                [
                    calibration.threshold, calibration.tail.excess, residual.trained.spread,
                    residual.recent.spread, peaks.arrivals, peaks.frames, peaks.excess,
                    peaks.weight,
                ] + residual.rms
            guard amounts.allSatisfy({ $0 > 0 && $0.isFinite }), peaks.level.isFinite,
                !calibration.tail.quantiles.isEmpty, calibration.tail.quantiles.isRising,
                calibration.faults.bad > 0, calibration.faults.steps.allSatisfy({ $0 >= 0 }),
                (0...1e9).contains(calibration.faults.usualGap)
            else { throw .unusableDescription("the calibration holds impossible numbers") }
            let quantities = calibration.drift.quantities
            let strays = calibration.drift.channels
            guard [strays.limit, strays.usual, strays.stray].allSatisfy({ $0.count == count }),
                (strays.limit + strays.usual).allSatisfy({ $0 >= 0 && $0.isFinite }),
                strays.stray.allSatisfy({ $0 > 0 }), strays.threshold > 0, strays.burst >= 0,
                calibration.drift.pace.threshold > 0
            else { throw .unusableDescription("the drift reference is incomplete") }
            guard quantities.count == DriftCause.allCases.count,
                quantities.allSatisfy({
                    $0.shares.count == $0.edges.count + 1 && $0.threshold > 0
                        && $0.edges.isRising && $0.shares.allSatisfy { $0 >= 0 }
                })
            else { throw .unusableDescription("the drift reference is incomplete") }
        }
    }
}

extension [Double] {
    /// Whether no element is less than the one before it.
    fileprivate var isRising: Bool {
        zip(self, dropFirst()).allSatisfy { $0 <= $1 }
    }
}

extension DecodingError {
    /// Where in the JSON it went wrong, and how.
    fileprivate var place: String {
        let context: Context
        switch self {
        case .keyNotFound(let key, let found):
            let path = (found.codingPath + [key]).map(\.stringValue)
            return "'\(path.joined(separator: "."))' is missing"
        case .typeMismatch(_, let found), .valueNotFound(_, let found), .dataCorrupted(let found):
            context = found
        @unknown default:
            return "unreadable"
        }
        let path = context.codingPath.map(\.stringValue).joined(separator: ".")
        return path.isEmpty ? "not JSON" : "'\(path)' is not what it should be"
    }
}
