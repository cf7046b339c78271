import Foundation
import Testing
import TocsinMQTT
import TocsinTestSupport

/// The daemon as the broker and the service manager see it.
@Suite(.enabled(if: Mosquitto.isInstalled, "mosquitto is not installed"))
struct DaemonTests {
    @Test func `it is ready when it is subscribed, and says online, stopping and offline`()
        async throws
    {
        let broker = try await Mosquitto()
        let daemon = try RunningDaemon(broker: broker.url)
        let program = try await daemon.startAndWait()
        let assignments = daemon.manager.assignments
        #expect(assignments.first == "READY=1")
        #expect(
            assignments.dropFirst().first == "STATUS=0 devices, 0 alerts raised, 0 frames scored"
        )
        let client = try await TestClient(broker, filters: ["tocsin/status"])
        try await client.wait(for: "online") { $0.last?.payload == "online" }
        #expect(client.messages.last?.isRetained == true)

        #expect(try await daemon.stop() == 0)
        #expect(daemon.manager.assignments.last == "STOPPING=1")
        try await client.wait(for: "offline") { $0.last?.payload == "offline" }
        let late = try await TestClient(broker, filters: ["tocsin/status"])
        try await late.wait(for: "what is retained") { $0.last?.payload == "offline" }
        #expect(late.messages.count == 1)
        #expect(
            program.errorLines.map { String($0.prefix(24)) } == [
                "notice: connected to 127", "notice: subscribed; 0 mo", "notice: stopping: finish",
            ]
        )
    }

    @Test func `a daemon that is killed is offline by its will`() async throws {
        let broker = try await Mosquitto()
        let daemon = try RunningDaemon(broker: broker.url)
        try await daemon.startAndWait().kill()
        let client = try await TestClient(broker, filters: ["tocsin/status"])
        try await client.wait(for: "offline") { $0.last?.payload == "offline" }
    }

    @Test func `a password comes from the credential that systemd hands over`() async throws {
        let file = try TemporaryFolder()
        let passwords = try file.write("tocsin:right\n", to: "passwords")
        try run("/usr/bin/mosquitto_passwd", ["-U", passwords], in: file.url)
        let broker = try await Mosquitto(allowsAnonymous: false) { _ in
            ["password_file \(passwords)"]
        }
        let credentials = try TemporaryFolder()
        try credentials.write("right", to: "mqtt-password")
        let other = try RunningDaemon(
            broker: broker.url,
            configuration: "broker: {address: \"\(broker.url)\", username: tocsin}\n",
            environment: ["CREDENTIALS_DIRECTORY": credentials.url.path]
        )
        try await other.startAndWait()
        try await other.stop()
    }

    @Test func `a broker on a local socket is reached by its path`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("mqtt.sock")
        let broker = try await Mosquitto(prepare: { _ in ["listener 0 \(path)"] })
        let daemon = try RunningDaemon(broker: path)
        let program = try await daemon.startAndWait()
        #expect(program.standardError.contains("connected to \(path)"))
        try await daemon.stop()
        broker.stop()
    }

    @Test(.enabled(if: TestCertificates.canBeMade, "openssl is not installed"))
    func `an encrypted broker is reached with certificates beside the configuration`() async throws
    {
        let broker = try await Mosquitto { directory in
            try TestCertificates.make(in: directory)
            let path = { (name: String) in directory.appendingPathComponent(name).path }
            return [
                "cafile \(path("ca.crt"))", "certfile \(path("server.crt"))",
                "keyfile \(path("server.key"))", "require_certificate true",
            ]
        }
        let daemon = try RunningDaemon(
            broker: "",
            configuration: """
                broker:
                  address: mqtts://localhost:\(broker.port)
                  tls: {authorities: ca.crt, certificate: client.crt, key: client.key}

                """
        )
        for name in ["ca.crt", "client.crt", "client.key"] {
            try FileManager.default.copyItem(
                at: broker.directory.appendingPathComponent(name),
                to: daemon.folder.url.appendingPathComponent(name)
            )
        }
        try await daemon.startAndWait()
        try await daemon.stop()
    }

    @Test func `a stream that the broker refuses is an error, and no readiness`() async throws {
        // Mosquitto's own access list lets everybody subscribe, and withholds messages.
        let broker = try FakeBroker { packet in
            if packet.isConnect { return [0x20, 3, 0, 0, 0] }
            guard packet.isSubscribe else { return [] }
            return [0x90, 4, packet.body[0], packet.body[1], 0, 0x87]
        }
        let daemon = try RunningDaemon(broker: "mqtt://127.0.0.1:\(broker.port)")
        let program = try daemon.start()
        try await program.wait(toSay: "the broker refuses 'sensors/+'")
        try await eventually("status") {
            daemon.manager.assignments.contains("STATUS=the broker refuses every stream")
        }
        #expect(!daemon.manager.assignments.contains("READY=1"))
        try await daemon.stop()
    }

    @Test func `a reload takes over streams, and a wrong file changes nothing`() async throws {
        let broker = try await Mosquitto()
        let daemon = try RunningDaemon(broker: broker.url)
        let program = try await daemon.startAndWait()
        try daemon.configure(
            """
            broker: {address: "\(broker.url)", keep_alive_seconds: 60}
            streams:
              - {name: plant, topic: "plant/{device}"}
            output: {prefix: bell}

            """
        )
        program.signal(SIGHUP)
        try await daemon.manager.wait(for: "READY=1", count: 2)
        #expect(daemon.manager.count("RELOADING=1") == 1)
        try await program.wait(toSay: "changes under broker, output.prefix take effect at the next")
        let client = try await TestClient(broker)
        try await eventually("subscription") {
            try await client.publish("plant/pump-1", #"{"a":1}"#)
            return program.standardError.contains("pump-1: no model judges it")
        }

        try daemon.configure("broker:\n  address: \(broker.url)\n  hots: x\n")
        program.signal(SIGHUP)
        try await daemon.manager.wait(for: "READY=1", count: 3)
        let line = try #require(program.errorLines.last)
        #expect(
            line.hasPrefix(
                "error: configuration not reloaded: \(daemon.folder.path("tocsin.yaml"))"
            )
        )
        #expect(line.contains(":3:3: broker.hots: unknown key; expected one of address, "))
        #expect(line.contains("the old one goes on"))
        let last = try #require(daemon.manager.assignments.last { $0.hasPrefix("STATUS=") })
        #expect(last.hasPrefix("STATUS=configuration not reloaded: ") && last.contains("hots"))
        try await client.publish("plant/pump-2", #"{"a":1}"#)
        try await daemon.wait(for: "the message") { ($0["messages"] as? Int ?? 0) >= 2 }
        try await daemon.stop()
        // Under the prefix that the will has.
        try await client.wait(for: "offline") {
            $0.contains { $0.topic == "tocsin/status" && $0.payload == "offline" }
        }
    }

    @Test func `a reload before the first connection is no readiness`() async throws {
        let daemon = try RunningDaemon(broker: "mqtt://127.0.0.1:\(try freePort())")
        let program = try daemon.start()
        try await program.wait(toSay: "no connection to")
        program.signal(SIGHUP)
        try await program.wait(toSay: "configuration reloaded")
        #expect(!daemon.manager.assignments.contains("READY=1"))
        #expect(try await daemon.stop() == 0)
    }

    @Test func `a stop while it starts is a stop, and no death`() async throws {
        let daemon = try RunningDaemon(broker: "mqtt://127.0.0.1:\(try freePort())")
        for _ in 0..<5 {
            let program = try daemon.start()
            try await program.wait(toSay: "no connection to")
            #expect(try await daemon.stop() == 0)
        }
        #expect(daemon.manager.count("STOPPING=1") == 5)
    }

    @Test func `the watchdog is fed while the pipeline works, and not when it hangs`() async throws
    {
        let broker = try await Mosquitto()
        let daemon = try RunningDaemon(
            broker: broker.url,
            environment: ["WATCHDOG_USEC": "1200000"]
        )
        let program = try await daemon.startAndWait()
        try await daemon.manager.wait(for: "WATCHDOG=1", count: 4)
        program.signal(SIGSTOP)
        try await Task.sleep(for: .milliseconds(300))
        let before = daemon.manager.count("WATCHDOG=1")
        try await Task.sleep(for: .seconds(2))
        #expect(daemon.manager.count("WATCHDOG=1") == before)
        program.signal(SIGCONT)
        try await daemon.manager.wait(for: "WATCHDOG=1", count: before + 1)
        try await daemon.stop()
    }

    @Test func `a second daemon leaves the first one its socket`() async throws {
        let broker = try await Mosquitto()
        let daemon = try RunningDaemon(broker: broker.url)
        try await daemon.startAndWait()
        let second = try RunningDaemon(
            broker: "",
            configuration: "broker: {address: \"\(broker.url)\", client_id: second}\n",
            environment: ["RUNTIME_DIRECTORY": daemon.folder.url.path]
        )
        let program = try await second.startAndWait()
        #expect(program.standardError.contains("no control socket: "))
        try await second.stop()
        #expect(try await daemon.status()["connected"] as? Bool == true)
        // Killed, it leaves its socket behind; the next one replaces it.
        try daemon.program.kill()
        try await daemon.startAndWait()
        #expect(try await daemon.status()["connected"] as? Bool == true)
        try await daemon.stop()
        #expect(!FileManager.default.fileExists(atPath: daemon.socket))
    }
}
