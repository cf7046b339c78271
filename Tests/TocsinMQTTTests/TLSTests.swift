import Foundation
import Testing
import TocsinMQTT
import TocsinTestSupport

@Suite(
    .serialized,
    .enabled(if: Mosquitto.isInstalled, "mosquitto is not installed"),
    .enabled(if: TestCertificates.canBeMade, "openssl is not installed")
)
struct TLSTests {
    @Test func `a client certificate opens the door, and nothing less does`() async throws {
        let broker = try await securedBroker()
        let path = { (name: String) in broker.directory.appendingPathComponent(name).path }
        var certificates = MQTTClient.Options.Certificates(authorities: .file(path("ca.crt")))
        certificates.certificate = path("client.crt")
        certificates.key = path("client.key")

        var good = options(.tcp(host: "localhost", port: broker.port))
        good.security = .certificates(certificates)
        let (client, recorder) = try client(good, ["t"])
        try await recorder.wait(for: "subscription") { !$0.subscribed.isEmpty }
        _ = try client.publish(topic: "t", payload: [UInt8](repeating: 7, count: 300_000))
        let record = try await recorder.wait(for: "message") { !$0.messages.isEmpty }
        #expect(record.messages.first?.payload.count == 300_000)
        client.stop()

        certificates.authorities = .file(path("other.crt"))
        var wrong = good
        wrong.security = .certificates(certificates)
        let failure = try await firstFailure(wrong)
        #expect(failure.description.contains("certificate verify failed"))

        certificates.authorities = .file(path("ca.crt"))
        wrong.address = .tcp(host: "127.0.0.1", port: broker.port)
        wrong.security = .certificates(certificates)
        _ = try await firstFailure(wrong)
        certificates.acceptsAnyServerName = true
        wrong.security = .certificates(certificates)
        let (careless, told) = try TocsinMQTTTests.client(wrong)
        try await told.wait(for: "connection") { $0.connects == 1 }
        careless.stop()

        certificates.acceptsAnyServerName = false
        certificates.certificate = nil
        certificates.key = nil
        var anonymous = good
        anonymous.security = .certificates(certificates)
        _ = try await firstFailure(anonymous)
    }

    @Test func `a file that is not there is an error at once`() {
        var options = options(.tcp(host: "localhost", port: 8883))
        options.security = .certificates(.init(authorities: .file("/nonexistent/ca.crt")))
        #expect(throws: MQTTError.self) {
            try MQTTClient(options, handlers: Recorder().handlers)
        }
    }

    @Test func `a pre-shared key opens the door`() async throws {
        let broker = try await Mosquitto(listener: ["psk_hint tocsin"], allowsAnonymous: true) {
            directory in
            let file = directory.appendingPathComponent("keys")
            try "sensor:00112233445566778899aabbccddeeff\n"
                .write(to: file, atomically: true, encoding: .utf8)
            return ["psk_file \(file.path)", "use_identity_as_username true"]
        }
        var options = options(broker.address)
        options.security = .preSharedKey(
            hexadecimal: "00112233445566778899aabbccddeeff",
            identity: "sensor"
        )
        let (client, recorder) = try client(options)
        try await recorder.wait(for: "connection") { $0.connects == 1 }
        client.stop()
        options.security = .preSharedKey(hexadecimal: "ffff", identity: "sensor")
        _ = try await firstFailure(options)
    }

    @Test func `a handshake that nobody answers is given up, and costs nothing`() async throws {
        let (listener, port) = try listeningSocket()
        defer { close(listener) }
        var options = options(.tcp(host: "127.0.0.1", port: port))
        options.security = .certificates(.init())
        options.answerTimeout = .seconds(1)
        let (client, recorder) = try client(options)
        let record = try await recorder.wait(for: "two failures") { $0.failures.count == 2 }
        #expect(record.failures[1].call == "CONNECT")
        #expect(record.threadTime < .milliseconds(200))
        #expect(client.stop())
    }

    private func firstFailure(_ options: MQTTClient.Options) async throws -> MQTTError {
        let (client, recorder) = try client(options)
        let record = try await recorder.wait(for: "refusal") {
            !$0.failures.isEmpty || $0.connects > 0
        }
        client.stop()
        return try #require(record.failures.first)
    }

    private func securedBroker() async throws -> Mosquitto {
        try await Mosquitto(prepare: { directory in
            try TestCertificates.make(in: directory)
            let path = { (name: String) in directory.appendingPathComponent(name).path }
            return [
                "cafile \(path("ca.crt"))", "certfile \(path("server.crt"))",
                "keyfile \(path("server.key"))", "require_certificate true",
            ]
        })
    }
}
