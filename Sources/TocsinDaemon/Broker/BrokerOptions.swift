import TocsinCore
import TocsinMQTT

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

extension Configuration {
    /// The broker, with paths that hold wherever the daemon runs.
    var resolvedBroker: Broker {
        var broker = broker
        for path in [\Broker.tls.authorities, \.tls.certificate, \.tls.key]
        where !broker[keyPath: path].isEmpty {
            broker[keyPath: path] = resolve(broker[keyPath: path])
        }
        return broker
    }
}

extension Intake {
    /// What its streams read.
    var subscriptions: [MQTTSubscription] {
        streams.map { MQTTSubscription($0.template.filter) }
    }
}
