import Foundation
import Testing
import TocsinTestSupport

/// What an encrypted connection keeps, whatever is on the other side.
@Suite(.enabled(if: Mosquitto.isInstalled, "mosquitto is not installed"))
struct PrivilegeEncryptionTests {
    private let secret = "Quisquilien-4711"

    @Test(arguments: [
        "tls: {insecure: true}", "tls: {verify: false}", "tls: {minimum_version: tlsv1.1}",
        "tls: {minimum_version: \"\"}", "tls: {check_hostname: false}", "insecure: true",
        "address: mqtts+insecure://localhost", "address: \"mqtts://localhost?verify=0\"",
    ])
    func `no key of the configuration leaves the broker's certificate unchecked`(
        line: String
    ) async throws {
        let folder = try TemporaryFolder()
        let address = line.hasPrefix("address") ? "" : "address: mqtts://localhost, "
        let file = try folder.write("broker: {\(address)\(line)}\n", to: "t.yaml")
        let outcome = try await BuiltBinary.run(["run", "--config", file])
        #expect(outcome.code == 78, "\(outcome.error)")
    }

    @Test(.enabled(if: TestCertificates.canBeMade, "openssl is not installed"))
    func `a broker that nobody vouches for learns neither name nor password`() async throws {
        let broker = try await Mosquitto { directory in
            try TestCertificates.make(in: directory)
            let path = { (name: String) in directory.appendingPathComponent(name).path }
            return ["certfile \(path("server.crt"))", "keyfile \(path("server.key"))"]
        }
        let files = try TemporaryFolder()
        let daemon = try RunningDaemon(
            broker: "",
            configuration: """
                broker:
                  address: mqtts://localhost:\(broker.port)
                  username: tocsin
                  password_file: \(try files.write(secret, to: "password"))

                """
        )
        let program = try daemon.start()
        // The system's authorities do not know it.
        try await program.wait(toSay: "no connection to")
        try await eventually("several attempts") {
            broker.log.components(separatedBy: "New connection from").count > 3
        }
        #expect(!broker.log.contains("New client connected"))
        #expect(!broker.log.contains("as tocsin"))
        #expect(!daemon.manager.assignments.contains("READY=1"))
        try await daemon.stop()
    }

    @Test func `with mqtts nothing is sent in the clear`() async throws {
        let (listener, port) = try listeningSocket()
        defer { close(listener) }
        let files = try TemporaryFolder()
        let daemon = try RunningDaemon(
            broker: "",
            configuration: """
                broker:
                  address: mqtts://localhost:\(port)
                  username: tocsin
                  password_file: \(try files.write(secret, to: "password"))

                """
        )
        try daemon.start()
        let client = accept(listener, nil, nil)
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = recv(client, &bytes, bytes.count, 0)
        // A handshake of TLS begins with 22, CONNECT with 16.
        #expect(count > 0 && bytes[0] == 22)
        let text = String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
        #expect(!text.contains(secret) && !text.contains("tocsin"))
        close(client)
        try await daemon.stop()
    }
}
