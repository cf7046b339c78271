import Foundation
import Testing
import TocsinTestSupport

/// Brokers that are there and do not want the daemon, until they do.
@Suite(.enabled(if: Mosquitto.isInstalled, "mosquitto is not installed"))
struct BrokerRefusalTests {
    @Test func `a wrong password is said once and never shown, and tried until it is right`()
        async throws
    {
        let folder = try TemporaryFolder()
        let passwords = folder.path("passwords")
        try setPassword("something-else", in: folder)
        let broker = try await Mosquitto(allowsAnonymous: false) { _ in
            ["password_file \(passwords)"]
        }
        let secret = try folder.write("correct-horse\n", to: "secret")
        let daemon = try RunningDaemon(
            broker: "",
            configuration: """
                broker: {address: "\(broker.url)", username: tocsin, password_file: \(secret)}

                """
        )
        let program = try daemon.start()
        try await program.wait(toSay: "ot authori")
        let expense = Expense(program)
        try await Task.sleep(for: .seconds(2))
        expense.expectLittle("wrong password", isTrying: true)
        #expect(program.errorLines.count == 1, "\(program.standardError)")
        try setPassword("correct-horse", in: folder)
        broker.reload()
        try await expectReady("wrong password", daemon)

        // The secret is where it belongs and nowhere else: not in what the daemon says of itself, nor in
        // what the system shows of it.
        let command = try String(contentsOfFile: "/proc/\(program.pid)/cmdline", encoding: .utf8)
        let variables = try String(contentsOfFile: "/proc/\(program.pid)/environ", encoding: .utf8)
        let status = try await BuiltBinary.run(["status", "--json", "--socket", daemon.socket])
        try await daemon.stop()
        for text in [
            program.standardError, program.standardOutput, command, variables, status.output,
            daemon.manager.assignments.joined(),
        ] {
            #expect(!text.contains("correct-horse"))
        }
    }

    /// What is wrong with the broker's certificate.
    enum BadCertificate: CaseIterable {
        case unknownAuthority, expired, wrongName
    }

    @Test(
        .enabled(if: TestCertificates.canBeMade, "openssl is not installed"),
        arguments: BadCertificate.allCases
    )
    func `a broker whose certificate is wrong is not spoken to until it is right`(
        bad: BadCertificate
    ) async throws {
        let wrong = try TemporaryFolder()
        let good = try TemporaryFolder()
        try await onThread {
            try TestCertificates.make(in: wrong.url, hasExpired: bad == .expired)
            if bad == .unknownAuthority { try TestCertificates.make(in: good.url) }
            if bad == .expired { try renew(wrong, into: good) }
        }
        // Besides its name or its time nothing is wrong with it: the same authority vouches for it.
        let authority = bad == .unknownAuthority ? good : wrong
        let used = try TemporaryFolder()
        try replace(used, by: wrong)
        let broker = try await Mosquitto { _ in
            ["certfile \(used.path("server.crt"))", "keyfile \(used.path("server.key"))"]
        }
        let host = bad == .wrongName ? "127.0.0.1" : "localhost"
        let daemon = try RunningDaemon(
            broker: "",
            configuration: """
                broker:
                  address: mqtts://\(host):\(broker.port)
                  tls: {authorities: "\(authority.path("ca.crt"))"}

                """
        )
        let program = try daemon.start()
        try await program.wait(toSay: "certificate verify failed")
        let expense = Expense(program)
        try await Task.sleep(for: .seconds(2))
        expense.expectLittle("\(bad)", isTrying: true)
        #expect(program.errorLines.count == 1, "\(program.standardError)")
        #expect(!broker.log.contains(" as tocsin"), "it has not even said its name")
        guard bad != .wrongName else { return }

        broker.stop()
        try replace(used, by: good)
        try await broker.start()
        try await expectReady("\(bad)", daemon)
        try await daemon.stop()
    }

    @Test func `alerts that the broker does not take are kept, said once, and taken in the end`()
        async throws
    {
        let list = try TemporaryFolder()
        let path = try list.write("topic read tocsin/#\ntopic readwrite sensors/#\n", to: "acl")
        let broker = try await Mosquitto { _ in ["acl_file \(path)"] }
        let fleet = try await WatchedFleet(broker.url)
        let client = try await TestClient(broker, filters: ["tocsin/#"])
        let program = try await fleet.daemon.startAndWait()
        try await program.wait(toSay: "the broker takes no alerts: PUBACK: Not authorized")
        try await fleet.speak(by: client)
        try await program.wait(toSay: "is silent", count: 5)
        let expense = Expense(program)
        try await Task.sleep(for: .seconds(2))
        expense.expectLittle("publish refused")
        #expect(try fleet.bells(client).isEmpty)
        #expect(program.errorLines.count { $0.contains("takes no alerts") } == 1)
        try list.write("topic readwrite #\n", to: "acl")
        broker.reload()
        let start = ContinuousClock.now
        try await fleet.wait(for: "raised", by: client)
        print("publish refused: taken after \(start.duration(to: .now))")
        #expect(start.duration(to: .now) < .seconds(10))
        try await fleet.speak(by: client)
        try await fleet.wait(for: "cleared", by: client)
        #expect(try fleet.expectEachOnce(client) == 0)
        try await fleet.daemon.stop()
    }

    @Test(.enabled(if: DynamicSecurity.isInstalled, "mosquitto has no dynamic security"))
    func `a subscription that the broker refuses is an error, until it is granted`() async throws {
        let folder = try TemporaryFolder()
        let file = try DynamicSecurity.write(subscribing: false, to: folder)
        let broker = try await Mosquitto { _ in DynamicSecurity.lines(file) }
        let daemon = try RunningDaemon(broker: broker.url)
        let program = try daemon.start()
        try await program.wait(toSay: "the broker refuses 'sensors/+'")
        try await eventually("status") {
            daemon.manager.assignments.contains("STATUS=the broker refuses every stream")
        }
        #expect(!daemon.manager.assignments.contains("READY=1"))
        let expense = Expense(program)
        try await Task.sleep(for: .seconds(2))
        expense.expectLittle("subscribe refused")
        #expect(program.errorLines.count { $0.contains("refuses") } == 2, "once for each stream")
        broker.stop()
        try DynamicSecurity.write(subscribing: true, to: folder)
        try await broker.start()
        try await expectReady("subscribe refused", daemon)
        try await daemon.stop()
    }

    private func expectReady(_ name: String, _ daemon: RunningDaemon) async throws {
        let start = ContinuousClock.now
        try await daemon.manager.wait(for: "READY=1")
        print("\(name): there after \(start.duration(to: .now))")
        #expect(start.duration(to: .now) < .seconds(10))
    }

    private func setPassword(_ password: String, in folder: TemporaryFolder) throws {
        let path = try folder.write("tocsin:\(password)\n", to: "new")
        try run("/usr/bin/mosquitto_passwd", ["-U", path], in: folder.url)
        _ = try FileManager.default.removeIfThere(folder.path("passwords"))
        try FileManager.default.moveItem(atPath: path, toPath: folder.path("passwords"))
    }

    /// Gives the broker another certificate.
    private func replace(_ used: TemporaryFolder, by folder: TemporaryFolder) throws {
        for name in ["server.crt", "server.key"] {
            _ = try FileManager.default.removeIfThere(used.path(name))
            try FileManager.default.copyItem(
                atPath: folder.path(name),
                toPath: used.path(name)
            )
        }
    }

    /// Signs the server's certificate again, by the same authority.
    private func renew(_ old: TemporaryFolder, into new: TemporaryFolder) throws {
        try run(
            "/usr/bin/openssl",
            [
                "x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key",
                "-CAcreateserial", "-extfile", "server.ext", "-out", new.path("server.crt"),
            ],
            in: old.url
        )
        try FileManager.default.copyItem(
            atPath: old.path("server.key"),
            toPath: new.path("server.key")
        )
    }
}

extension FileManager {
    /// Whether there was something to remove.
    fileprivate func removeIfThere(_ path: String) throws -> Bool {
        guard fileExists(atPath: path) else { return false }
        try removeItem(atPath: path)
        return true
    }
}

/// mosquitto's plugin that, unlike an access list, refuses subscriptions when they are asked for.
private enum DynamicSecurity {
    private static let plugin = [
        "/usr/lib/x86_64-linux-gnu/mosquitto_dynamic_security.so",
        "/usr/lib/aarch64-linux-gnu/mosquitto_dynamic_security.so",
        "/usr/lib/mosquitto_dynamic_security.so",
    ].first(where: FileManager.default.fileExists(atPath:))

    static var isInstalled: Bool { plugin != nil }

    static func lines(_ file: String) -> [String] {
        plugin.map { ["plugin \($0)", "plugin_opt_config_file \(file)"] } ?? []
    }

    /// Everything is allowed but, perhaps, to subscribe to sensors.
    @discardableResult
    static func write(subscribing: Bool, to folder: TemporaryFolder) throws -> String {
        try folder.write(
            """
            {"defaultACLAccess":
              {"publishClientSend":true,"publishClientReceive":true,"subscribe":true,
               "unsubscribe":true},
             "anonymousGroup":"everybody","clients":[],
             "groups":[{"groupname":"everybody","roles":[{"rolename":"reader"}]}],
             "roles":[{"rolename":"reader","acls":[
               {"acltype":"subscribePattern","topic":"sensors/#","priority":0,
                "allow":\(subscribing)}]}]}
            """,
            to: "dynamic-security.json"
        )
    }
}
