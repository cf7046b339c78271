import Foundation
import Testing
import TocsinTestSupport

/// A container with a real systemd in it, made of this machine's own files; gone with the suite.
struct Machine: Sendable {
    /// The one that the running suite has, by ``MachineTrait``.
    @TaskLocal static var current: Machine?

    private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    private let name = "tocsin-\(UUID().uuidString.prefix(8).lowercased())"
    private let folder: TemporaryFolder

    /// Whether one can be had here.
    static let canBoot: Bool = {
        // In a bare chroot there are no control groups, and nspawn will not start.
        let groups = try? FileManager.default.contentsOfDirectory(atPath: "/sys/fs/cgroup")
        return getuid() == 0 && groups?.isEmpty == false
            && ["/usr/bin/systemd-nspawn", "/usr/sbin/mosquitto", "/usr/bin/bc"]
                .allSatisfy(FileManager.default.isExecutableFile(atPath:))
    }()

    /// Boots one.
    init() async throws {
        folder = try TemporaryFolder()
        try await call(["boot", "host", name])
    }

    func halt() async {
        // Whatever goes wrong here, the tool says; the tests have had their say.
        _ = try? await call(["halt", name])
    }

    /// Copies a file into it; one of the repository by its path there.
    func push(_ file: String, to place: String, mode: String = "644") async throws {
        let path = file.hasPrefix("/") ? file : Self.repository.appendingPathComponent(file).path
        try await call(["push", name, path, place, mode])
    }

    /// Runs a line of shell in it, and returns what that says; throws unless it ends well.
    @discardableResult
    func run(_ line: String) async throws -> String {
        try await call(["exec", name, "bash", "-c", line])
    }

    /// A property of the unit, as `systemctl show` has it.
    func property(_ name: String) async throws -> String {
        try await run("systemctl show -p \(name) --value tocsin")
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// The daemon's process, by the number that it has out here.
    func process() async throws -> Int32 {
        let text = try await call(["pid", name, "tocsin"])
        return Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
    }

    /// The journal of the unit, an entry per element; with `matches` only what they select.
    func journal(_ matches: String = "") async throws -> [[String: Any]] {
        try await run("journalctl --sync")
        let text = try await run("journalctl -u tocsin -o json --all --no-pager \(matches)")
        return try text.split(separator: "\n").map {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] ?? [:]
        }
    }

    /// Waits for something, and throws what the unit said if it takes too long.
    func wait(for what: String, until isSo: () async throws -> Bool) async throws {
        do {
            try await eventually(what, within: .seconds(60), isSo)
        } catch is WaitedInVain {
            let journal = try await run(
                "journalctl -u tocsin --no-pager -n 30; systemctl status tocsin --no-pager || true"
            )
            throw WaitedInVain(what: what, detail: journal)
        }
    }

    @discardableResult
    private func call(_ arguments: [String]) async throws -> String {
        let program = try RunningProgram(
            Self.repository.appendingPathComponent("tools/boot-systemd.sh").path,
            arguments,
            environment: RunningProgram.environment.merging(["BOOT_DIR": folder.url.path]) { $1 }
        )
        guard try await program.wait(within: .seconds(90)) == 0 else {
            throw WaitedInVain(
                what: "a good end of \(arguments)",
                detail: program.standardOutput + program.standardError
            )
        }
        return program.standardOutput
    }
}

extension Machine {
    /// Installs tocsin as `make install` does, and a broker as the unit `broker`.
    func install() async throws {
        try await push(BuiltBinary.path, to: "/usr/bin/tocsin", mode: "755")
        try await push("systemd/tocsin.service", to: "/lib/systemd/system/tocsin.service")
        try await push("systemd/tocsin.catalog", to: "/usr/lib/systemd/catalog/tocsin.catalog")
        try await push("config/tocsin.yaml", to: "/etc/tocsin/tocsin.yaml")
        try await run("cp -r /etc/tocsin /etc/tocsin.as-installed")
        try await run("journalctl --update-catalog")
    }

    /// Puts everything back to how it was installed: configuration, unit, state, journal.
    ///
    /// - Parameters:
    ///   - configuration: instead of the one that is installed
    ///   - unit: lines that an administrator would add with `systemctl edit`
    ///   - hasBroker: whether a broker runs on port 1883
    func begin(
        configuration: String? = nil,
        unit: [String] = [],
        hasBroker: Bool = true
    ) async throws {
        let lines = (["[Service]", "RestartSec=100ms"] + unit).joined(separator: "\n")
        let files = try TemporaryFolder()
        try await push(try files.write(lines + "\n", to: "unit"), to: "/root/unit")
        try await run(
            """
            systemctl stop tocsin broker 2>/dev/null
            systemctl reset-failed 2>/dev/null
            set -e
            systemctl clean --what=state,runtime tocsin
            rm -rf /etc/tocsin && cp -r /etc/tocsin.as-installed /etc/tocsin
            mkdir -p /run/systemd/system/tocsin.service.d
            cp /root/unit /run/systemd/system/tocsin.service.d/test.conf
            systemctl daemon-reload
            journalctl --rotate --vacuum-time=1us 2>/dev/null
            """
        )
        if let configuration { try await configure(configuration) }
        if hasBroker { try await startBroker() }
    }

    /// Writes its configuration.
    func configure(_ text: String) async throws {
        let files = try TemporaryFolder()
        let file = try files.write(text, to: "tocsin.yaml")
        try await push(file, to: "/etc/tocsin/tocsin.yaml")
    }

    /// Starts the broker, and waits until it listens.
    func startBroker(_ options: String = "-p 1883", port: Int = 1883) async throws {
        try await run(
            "systemd-run --quiet --collect --unit=broker mosquitto \(options)"
        )
        try await wait(for: "the broker") {
            try await run("ss -Hltn 'sport = :\(port)'").contains(":\(port)")
        }
    }

    /// Starts the daemon, and waits until it is ready.
    func start() async throws {
        try await run("systemctl start tocsin")
    }
}

/// Boots a ``Machine`` for a suite, with tocsin installed, and ends it with the suite.
struct MachineTrait: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        let machine = try await Machine()
        do {
            try await machine.install()
            try await Machine.$current.withValue(machine) { try await function() }
        } catch {
            await machine.halt()
            throw error
        }
        await machine.halt()
    }
}

extension Trait where Self == MachineTrait {
    /// In a container with a real systemd, the same for all tests of the suite.
    static var inMachine: Self { Self() }
}
