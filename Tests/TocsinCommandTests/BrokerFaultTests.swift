import Foundation
import Testing
import TocsinMQTT
import TocsinTestSupport

/// What becomes of the daemon, and of the alerts raised meanwhile, when its broker goes away and returns.
///
/// After each outage: back within ten seconds of the broker's return, without a restart; one line when it
/// was lost and one when it was back; every alert once and in order; no busy loop, no descriptor leaked.
///
/// `$TOCSIN_OUTAGE` says for how many seconds more a killed broker stays away, 3600 for an hour.
@Suite(.enabled(if: Mosquitto.isInstalled, "mosquitto is not installed"))
struct BrokerFaultTests {
    private static let outage =
        ProcessInfo.processInfo.environment["TOCSIN_OUTAGE"]
        .flatMap { Double($0) }.map { Duration.seconds($0) } ?? .zero

    @Test func `an absent broker is waited for, with one line, and the watchdog is fed`()
        async throws
    {
        let broker = try await Mosquitto(isStarted: false)
        let daemon = try RunningDaemon(
            broker: broker.url,
            environment: ["WATCHDOG_USEC": "1200000"]
        )
        let program = try daemon.start()
        try await program.wait(toSay: "no connection to")
        let expense = Expense(program)
        try await daemon.manager.wait(for: "WATCHDOG=1", count: 8)
        expense.expectLittle("absent", isTrying: true)
        #expect(program.isRunning)
        #expect(!daemon.manager.assignments.contains("READY=1"))
        #expect(daemon.manager.assignments.contains { $0.hasPrefix("STATUS=no connection") })
        #expect(program.errorLines.count == 1, "\(program.standardError)")
        try await broker.start()
        let start = ContinuousClock.now
        try await daemon.manager.wait(for: "READY=1")
        print("absent: there after \(start.duration(to: .now))")
        #expect(start.duration(to: .now) < .seconds(10))
        // Said right after READY=1.
        try await program.wait(toSay: "notice: subscribed")
        #expect(program.errorLines.count { $0.contains("connected to") } == 1)
        #expect(program.errorLines.count == 3, "\(program.standardError)")
        try await daemon.stop()
    }

    @Test(arguments: [false, true])
    func `a broker that is killed and returns costs two lines, and no alert`(isPersistent: Bool)
        async throws
    {
        let broker = try await Mosquitto(prepare: { directory in
            isPersistent
                ? ["persistence true", "persistence_location \(directory.path)/"] : []
        })
        let fleet = try await WatchedFleet(broker.url)
        let program = try await fleet.daemon.startAndWait()
        let client = try await TestClient(broker, filters: ["tocsin/#"])
        try await fleet.speak(by: client)
        try await fleet.waitForMessages(5)
        if isPersistent { try await broker.saveSessions() }
        let expense = Expense(program)
        broker.stop()
        try await program.wait(toSay: "no connection to")
        try await program.wait(toSay: "is silent", count: 5)
        try await eventually("status") {
            fleet.daemon.manager.assignments.last?.hasPrefix("STATUS=no connection") == true
        }
        try await Task.sleep(for: Self.outage)

        // The listener must be back first: the broker keeps no alerts for those who are not there.
        try await program.pause()
        try await broker.start()
        let start = ContinuousClock.now
        try await client.waitForSubscription(count: 2)
        program.resume()
        let doubled = try await expectReturn(
            "killed\(isPersistent ? ", persistent" : "")",
            of: fleet,
            since: start,
            expense,
            client
        )
        #expect(doubled == 0)
        try await fleet.daemon.stop()
    }

    @Test func `a broker that is paused is lost, and found again when it goes on`() async throws {
        let broker = try await Mosquitto()
        let fleet = try await WatchedFleet(broker.url)
        let program = try await fleet.daemon.startAndWait()
        let client = try await TestClient(broker, filters: ["tocsin/#"])
        try await fleet.speak(by: client)
        try await fleet.waitForMessages(5)
        let expense = Expense(program)
        broker.pause()
        try await program.wait(toSay: "no connection to", within: .seconds(60))
        #expect(program.standardError.contains("keep-alive time"))
        broker.resume()
        // The alerts went into the socket of the paused broker. It does not read them: by its own clock
        // that connection is dead when it goes on.
        let doubled = try await expectReturn("paused", of: fleet, since: .now, expense, client)
        #expect(doubled == 0)
        try await fleet.daemon.stop()
    }

    @Test func `a session that another client takes over is taken back`() async throws {
        let broker = try await Mosquitto()
        let fleet = try await WatchedFleet(broker.url)
        let program = try await fleet.daemon.startAndWait()
        let client = try await TestClient(broker, filters: ["tocsin/#"])
        try await fleet.speak(by: client)
        try await fleet.waitForMessages(5)
        let expense = Expense(program)
        var options = MQTTClient.Options(
            address: .tcp(host: "127.0.0.1", port: broker.port),
            clientID: "tocsin"
        )
        // One that does not fight back.
        options.backOff.first = .seconds(3600)
        options.backOff.cap = .seconds(3600)
        let thief = try MQTTClient(
            options,
            handlers: MQTTClient.Handlers(message: { _, _, _ in }, event: { _ in })
        )
        let start = ContinuousClock.now
        try thief.start()
        let doubled = try await expectReturn("taken over", of: fleet, since: start, expense, client)
        #expect(doubled == 0)
        #expect(broker.log.contains("Client tocsin already connected, closing old connection"))
        #expect(thief.statistics.connects == 1)
        thief.stop()
        try await fleet.daemon.stop()
    }

    @Test(.enabled(if: TwoHosts.canBeMade, "no root, or no network namespaces"))
    func `a network that loses every packet is noticed, and its return as well`() async throws {
        let hosts = try await onThread { try TwoHosts() }
        let broker = try await Mosquitto(
            host: hosts.address(of: .far),
            prefix: hosts.prefix(of: .far),
            hasSocket: true
        )
        let fleet = try await WatchedFleet(
            "mqtt://\(hosts.address(of: .far)):\(broker.port)",
            prefix: hosts.prefix(of: .near)
        )
        let program = try await fleet.daemon.startAndWait()
        let path = try #require(broker.socketPath)
        let client = try await TestClient(.unix(path: path), filters: ["tocsin/#"])
        try await fleet.speak(by: client)
        try await fleet.waitForMessages(5)
        let expense = Expense(program)
        try hosts.lose(true)
        try await program.wait(toSay: "no connection to", within: .seconds(60))
        // Amid an attempt to connect, just after the kernel's repetition of three seconds: the next one
        // would come after seven.
        try await Task.sleep(for: .seconds(4))
        try hosts.lose(false)
        let doubled = try await expectReturn("half-open", of: fleet, since: .now, expense, client)
        #expect(doubled == 0)
        try await fleet.daemon.stop()
    }

    @Test func `what a killed daemon had not acknowledged comes again, under the same identifiers`()
        async throws
    {
        let broker = try await Mosquitto()
        let daemon = try RunningDaemon(broker: broker.url)
        let program = try await daemon.startAndWait()
        try await program.wait(toSay: "notice: subscribed")
        let client = try await TestClient(broker, filters: ["none"])
        try await program.pause()
        try await client.publish((0..<5).map { ("sensors/pump-1", #"{"a":\#($0)}"#) })
        program.kill()
        try await daemon.startAndWait()
        try await daemon.wait(for: "the messages") { $0["messages"] as? Int == 5 }
        let sent = broker.log.matches(
            of: /Sending PUBLISH to tocsin \(d([01]), q1, r0, m([0-9]+), 'sensors/
        )
        #expect(sent.map(\.1) == ["0", "0", "0", "0", "0", "1", "1", "1", "1", "1"])
        #expect(Set(sent.prefix(5).map(\.2)).count == 5)
        #expect(sent.prefix(5).map(\.2) == sent.suffix(5).map(\.2))
        try await daemon.stop()
    }

    /// Waits for the daemon's return, lets the devices speak again, and holds everything against what
    /// must be.
    ///
    /// - Parameter start: when the broker was back
    /// - Returns: how many alerts came twice
    private func expectReturn(
        _ name: String,
        of fleet: WatchedFleet,
        since start: ContinuousClock.Instant,
        _ expense: Expense,
        _ client: TestClient
    ) async throws -> Int {
        let program = try fleet.daemon.program
        try await program.wait(toSay: "connected to", count: 2)
        let elapsed = start.duration(to: .now)
        print("\(name): back after \(elapsed)")
        #expect(elapsed < .seconds(10))
        try await fleet.wait(for: "raised", by: client)
        expense.expectLittle(name)
        try await eventually("status", detail: { "\(fleet.daemon.manager.assignments)" }) {
            fleet.daemon.manager.assignments.last?.hasPrefix("STATUS=5 devices") == true
        }
        try await fleet.speak(by: client)
        try await fleet.wait(for: "cleared", by: client)
        #expect(client.messages("tocsin/status").last?.payload == "online")
        #expect(program.errorLines.count { $0.contains("no connection to") } == 1)
        #expect(program.errorLines.count { $0.contains("connected to") } == 2)
        return try fleet.expectEachOnce(client)
    }
}
