public import TocsinCore
import TocsinFiles

/// What a configuration means, once its files are read: made at start, at reload, and by `check`.
public struct Setup: Sendable {
    /// Streams and models.
    public let intake: Intake
    /// The models, by path.
    public let models: [String: Model]

    /// Reads every model that the configuration names.
    public init(_ configuration: Configuration) throws {
        var models: [String: Model] = [:]
        var rules: [ModelAssignment.Rule] = []
        for rule in configuration.models {
            let path = configuration.resolve(rule.file)
            let model = try models[path] ?? Setup.loadModel(path)
            models[path] = model
            rules.append(
                ModelAssignment.Rule(
                    stream: rule.stream.isEmpty ? nil : rule.stream,
                    device: rule.device,
                    model: model
                )
            )
        }
        self.models = models
        intake = Intake(
            streams: try Self.streams(configuration),
            assignment: ModelAssignment(rules),
            largestPayload: configuration.intake.largestPayload,
            furthestAhead: configuration.intake.furthestAhead
        )
    }

    /// The streams of a configuration.
    public static func streams(_ configuration: Configuration) throws -> [TocsinCore.Stream] {
        try configuration.streams.map { stream in
            TocsinCore.Stream(
                name: stream.name,
                template: try TopicTemplate(stream.topic),
                decoder: stream.decoder
            )
        }
    }

    /// Reads a model file; errors name it.
    public static func loadModel(_ path: String) throws -> Model {
        let bytes = try Files.read(path)
        let file = path.split(separator: "/").last.map(String.init) ?? path
        let name = file.hasSuffix(".safetensors") ? String(file.dropLast(12)) : file
        do {
            return try ModelFile.decode(bytes, name: name)
        } catch {
            throw UnusableModel(path: path, reason: error)
        }
    }
}

extension Configuration.Stream {
    /// What reads this stream's payloads.
    var decoder: any SampleDecoder {
        switch format {
        case .number:
            NumberSampleDecoder()
        case .json:
            JSONSampleDecoder(time: time.isEmpty ? nil : time, channels: channels, value: value)
        }
    }
}
