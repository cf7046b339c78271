import TocsinMQTT
import Testing

@testable import TocsinDaemon

struct BrokerOptionsTests {
    @Test(arguments: ["mqtts://broker.example", "mqtts://10.0.0.7:9000", "mqtts://[::1]"])
    func `who asks for encryption gets it, with the broker verified, name and all`(
        address: String
    ) throws {
        let text = """
            broker:
              address: "\(address)"
              tls: {authorities: /etc/ca.pem, minimum_version: tlsv1.3}

            """
        let broker = try Configuration(text: text, file: "t.yaml").broker
        let options = MQTTClient.Options(broker, password: "secret", prefix: "tocsin")
        guard case .certificates(let certificates) = options.security else {
            Issue.record("not encrypted: \(options)")
            return
        }
        #expect(!certificates.acceptsAnyServerName)
        #expect(certificates.authorities == .file("/etc/ca.pem"))
        #expect(certificates.minimumVersion == "tlsv1.3")
        #expect(options.username == nil || options.password == "secret")
    }

    @Test func `without authorities the system's are asked, never none`() {
        var broker = Configuration.Broker()
        broker.address = "mqtts://broker.example"
        let options = MQTTClient.Options(broker, password: nil, prefix: "tocsin")
        guard case .certificates(let certificates) = options.security else {
            Issue.record("not encrypted: \(options)")
            return
        }
        #expect(certificates.authorities == .system)
        #expect(!certificates.acceptsAnyServerName)
    }

    @Test(arguments: ["insecure", "verify", "accepts_any_server_name", "skip_verification"])
    func `no key switches the verification off`(key: String) {
        #expect(throws: ConfigurationError.self) {
            try Configuration(
                text: "broker: {address: \"mqtts://b\", tls: {\(key): true}}\n",
                file: "t.yaml"
            )
        }
    }

    @Test(arguments: ["mqtt://b", "b:8883", "/run/mqtt.sock"])
    func `what is said about encryption is an error where nothing is encrypted`(address: String) {
        #expect(throws: ConfigurationError.self) {
            try Configuration(
                text: "broker: {address: \"\(address)\", tls: {authorities: ca.pem}}\n",
                file: "t.yaml"
            )
        }
        #expect(throws: Never.self) {
            try Configuration(text: "broker: {address: \"\(address)\", tls: {}}\n", file: "t.yaml")
        }
    }
}
