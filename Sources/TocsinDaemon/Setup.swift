public import TocsinCore
import TocsinFiles
import TocsinMQTT

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
        var streams: [TocsinCore.Stream] = []
        for stream in configuration.streams {
            streams.append(
                TocsinCore.Stream(
                    name: stream.name,
                    template: try TopicTemplate(stream.topic),
                    decoder: stream.decoder
                )
            )
        }
        self.models = models
        intake = Intake(
            streams: streams,
            assignment: ModelAssignment(rules),
            largestPayload: configuration.intake.largestPayload,
            furthestAhead: configuration.intake.furthestAhead
        )
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

/// A model file that was refused, and why.
public struct UnusableModel: Error, CustomStringConvertible {
    /// The file.
    public let path: String
    /// What is wrong with it.
    public let reason: ModelFileError

    public var description: String { "'\(path)': \(reason)" }
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

extension MQTTClient.Options {
    /// The connection that a configuration asks for.
    ///
    /// - Parameters:
    ///   - password: read from where the configuration says, if anywhere
    ///   - prefix: of the topic under which the will says `offline`
    init(_ broker: Configuration.Broker, password: String?, prefix: String) {
        let address = BrokerAddress(broker.address)
        if let path = address?.path {
            self.init(address: .unix(path: path), clientID: broker.clientID)
        } else {
            self.init(
                address: .tcp(host: address?.host ?? "localhost", port: address?.port ?? 1883),
                clientID: broker.clientID
            )
        }
        username = broker.username.isEmpty ? nil : broker.username
        self.password = password
        keepAlive = broker.keepAlive
        sessionExpiry = broker.sessionExpiry == .zero ? nil : broker.sessionExpiry
        queuedMessages = broker.queuedMessages
        versions =
            switch broker.version {
            case .automatic: .preferVersion5
            case .v5: .only(.v5)
            case .v311: .only(.v311)
            }
        if address?.isEncrypted == true {
            var certificates = Certificates(
                authorities: broker.tls.authorities.isEmpty
                    ? .system : .file(broker.tls.authorities)
            )
            certificates.certificate =
                broker.tls.certificate.isEmpty ? nil : broker.tls.certificate
            certificates.key = broker.tls.key.isEmpty ? nil : broker.tls.key
            certificates.minimumVersion = broker.tls.minimumVersion
            security = .certificates(certificates)
        }
        will = Will(topic: "\(prefix)/status", payload: Array("offline".utf8))
    }
}
